"""Runs `mellum_ls.runtime.examine` in a child process, since this floor never imports torch, and reads what it says.

A child that crashes or takes too long has said something all the same: its lines so far.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EXAMINE = (sys.executable, "-P", "-m", "mellum_ls.runtime.examine")
LIMIT_SECONDS = 60.0
MAX_LAST_WORDS = 200

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Examination:
    """The facts of each part that was examined, and how it ended."""

    parts: Mapping[str, Facts]
    end: str
    """Why it did not come to its end, in words; empty when it did."""
    last_words: str = ""
    """The last line that it wrote to standard error."""


def examine(
    model: str | None, *, program: Sequence[str] = EXAMINE, limit_seconds: float = LIMIT_SECONDS
) -> Examination:
    """Examine this machine and the folder `model` (None: as the environment says). Raises nothing."""
    command = [*program, *([f"--model={model}"] if model else [])]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=limit_seconds, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired as over:
        return Examination(_parts(over.stdout or b""), f"did not end within {limit_seconds:g} s", _last(over.stderr))
    except OSError as error:
        return Examination({}, f"cannot run {command[0]}: {error.strerror}")
    return Examination(_parts(done.stdout), _how(done.returncode), _last(done.stderr) if done.returncode else "")


def _parts(output: bytes) -> dict[str, Facts]:
    """What stands in the lines that are whole; a library may have printed others."""
    parts: dict[str, Facts] = {}
    for line in output.splitlines():
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if isinstance(facts, dict) and isinstance(facts.get("part"), str):
            parts[facts.pop("part")] = facts
    return parts


def _how(code: int) -> str:
    if code == 0:
        return ""
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _last(errors: bytes | None) -> str:
    lines = [line.strip() for line in (errors or b"").decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:MAX_LAST_WORDS] if lines else ""

"""Asks the model how likely it finds each target, in a child process, since this floor never imports torch.

Answers are kept in a log, so that a run that was ended goes on where it stood, and a question that did not change is
never asked again. Knows questions and answers as JSON, not what they are about.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mellum_ls.runtime.errors import MellumError

PROGRAM = (sys.executable, "-P", "-m", "mellum_ls.runtime.bench.score")
ENDING_SECONDS = 10.0
Json = dict[str, Any]


class NoScore(MellumError):
    """The model could not be asked; the message says why."""


class Scorer:
    """The child process and the log of what it has answered. It starts with the first question that is new."""

    def __init__(self, log: Path, model: str | None = None, *, program: Sequence[str] = PROGRAM) -> None:
        """`log` is read, and written to; answers of another model stay in it unused. Raises OSError."""
        self._command = [*program, *([] if model is None else [f"--model={model}"])]
        self._model = model or "embedded"
        self._log = log
        self._known = _read_log(log)
        self._child: subprocess.Popen[str] | None = None
        self.asked = 0
        """Questions that were not in the log."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def score(self, question: Mapping[str, object]) -> Json:
        """The answer to one question. Raises NoScore, and OSError when the log cannot be written."""
        line = json.dumps(question, sort_keys=True)
        key = hashlib.sha256(f"{self._model}\0{line}".encode()).hexdigest()
        if key not in self._known:
            answer = self._ask(line)
            if "error" in answer:
                raise NoScore(f"the model refused a question: {answer['error']}")
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8") as sink:
                sink.write(json.dumps({"key": key, "answer": answer}) + "\n")
            self._known[key] = answer
            self.asked += 1
        return self._known[key]

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            with contextlib.suppress(OSError):  # it is gone already
                child.stdin.close()
        try:
            child.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()

    def _ask(self, line: str) -> Json:
        if self._child is None:
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            self._read(self._child)  # what the model is; nobody asks here
        return self._read(self._child, line)

    def _read(self, child: subprocess.Popen[str], line: str | None = None) -> Json:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            if line is not None:
                child.stdin.write(line + "\n")
                child.stdin.flush()
            answer = json.loads(child.stdout.readline() or "null")
        except (OSError, ValueError) as error:
            raise NoScore(f"the model process answers no more: {error}") from error
        if not isinstance(answer, dict):
            raise NoScore("the model process has ended; what it said is above")
        return answer


def _read_log(log: Path) -> dict[str, Json]:
    """The answers of a log; a last line that was cut off by the end of a run counts as not there."""
    known: dict[str, Json] = {}
    if not log.exists():
        return known
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
            known[str(entry["key"])] = dict(entry["answer"])
        except (ValueError, KeyError, TypeError):
            continue
    return known

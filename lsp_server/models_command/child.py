"""Runs a `mellum-ls models` command in a child process, since this floor never imports torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

CHECKPOINTS = (sys.executable, "-P", "-m", "mellum_ls.runtime.checkpoints")
INTERRUPTED = 130


def run(name: str, options: Mapping[str, str | bool | None], *, program: Sequence[str] = CHECKPOINTS) -> int:
    """On the terminal's own streams; the child's exit code, 128 + n when signal n ended it."""
    try:
        code = subprocess.run([*program, name, json.dumps(dict(options))], check=False).returncode
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if code >= 0 else 128 - code

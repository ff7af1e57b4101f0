"""`mellum-ls bench`: runs the benchmark in a child process, since this floor never imports torch.

Passes the options on as they are; the child checks them, measures and prints.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

BENCH = (sys.executable, "-P", "-m", "mellum_ls.runtime.bench")
INTERRUPTED = 130


def run(benchmark: str, options: Mapping[str, str | bool | None], *, program: Sequence[str] = BENCH) -> int:
    """Run it on the terminal's own streams; the child's exit code, 128 + n when signal n ended it."""
    said = {name: value for name, value in options.items() if value is not None and value is not False}
    given = [f"--{name}" if value is True else f"--{name}={value}" for name, value in said.items()]
    try:
        code = subprocess.run([*program, benchmark, *given], check=False).returncode
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if code >= 0 else 128 - code

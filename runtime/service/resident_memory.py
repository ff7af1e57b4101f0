"""How much memory this process holds, as the system counts it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

STATM = Path("/proc/self/statm")


def resident_bytes(statm: Path = STATM) -> int | None:
    """Resident set size in bytes; None where the system does not say.

    Linux: the second field of /proc/self/statm, in pages (proc_pid_statm(5)). Other POSIX systems: `ps -o rss=`, in
    units of 1024 bytes.
    """
    try:
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass  # not Linux
    try:
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, check=True, timeout=5)
        return int(told.stdout) * 1024
    except (OSError, subprocess.SubprocessError, ValueError):
        return None

"""Takes the right to read everything from a test that runs as root, so that permissions mean what they say."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Within it the process reads as a user that owns nothing; `folder` and those above it can still be entered."""
    if os.geteuid() != 0:
        yield
        return
    ours = [path for path in (folder, *folder.parents) if path.stat().st_mode & 0o001 == 0]
    modes = {path: path.stat().st_mode for path in ours}
    for path, mode in modes.items():
        path.chmod(mode | 0o001)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)

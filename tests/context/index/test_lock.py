"""One process at a time builds an index, and the death of one lets the next."""

import subprocess
import sys
from pathlib import Path

from mellum_ls.context.index.lock import BuildLock

HOLDER = """
import sys
from pathlib import Path
from mellum_ls.context.index.lock import BuildLock
lock = BuildLock(Path(sys.argv[1]))
print(lock.take_at_once(), flush=True)
sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-c", HOLDER, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_held_lock_is_not_given_again(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    first, second = BuildLock(path), BuildLock(path)
    assert first.take_at_once()
    assert not second.take_at_once()
    first.release()
    assert second.take_at_once()
    second.release()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_killed_holder_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with hold(path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        lock = BuildLock(path)
        assert not lock.take_at_once()
        holder.kill()
        lock.take()  # waits in the kernel for the end of the holder
        late = BuildLock(path)
        assert not late.take_at_once()
        late.release()
        lock.release()

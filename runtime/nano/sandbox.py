"""Runs a short Python program that nobody has read, with limits, and says only whether it reached its end.

Guards against accidents of generated code (endless loops, memory, files, network), not against a determined
attacker.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Outcome = Literal["passed", "failed", "timeout"]

# The limits are set by the child itself: a preexec_fn is unsafe beside the parent's compute threads. The
# secret word proves that the last line was reached; exiting early with status 0 does not. It goes out by a
# descriptor of its own, since what the program itself prints is thrown away unread.
RUNNER = """
import os, resource, sys
memory, seconds, file_bytes = (int(n) for n in sys.argv[1:4])
word = sys.stdin.buffer.read()
answer, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
os.dup2(null, 1)
def limit(what, soft, slack=0):
    hard = resource.getrlimit(what)[1]
    bound = soft + slack if hard == resource.RLIM_INFINITY else min(soft + slack, hard)
    resource.setrlimit(what, (min(soft, bound), bound))
limit(resource.RLIMIT_AS, memory)
limit(resource.RLIMIT_CPU, seconds, slack=1)
limit(resource.RLIMIT_FSIZE, file_bytes)
limit(resource.RLIMIT_CORE, 0)
limit(resource.RLIMIT_NOFILE, 64)
for name in ("socket", "_socket", "ssl", "_ssl", "subprocess", "_posixsubprocess", "multiprocessing",
             "ctypes", "_ctypes"):
    sys.modules[name] = None
say = os.write
for name in ("fork", "forkpty", "kill", "killpg", "system", "popen", "posix_spawn", "posix_spawnp",
             "execv", "execve", "chroot", "rmdir", "remove", "unlink", "rename", "truncate", "chmod"):
    os.__dict__.pop(name, None)
    sys.modules["posix"].__dict__.pop(name, None)
with open("program.py", encoding="utf-8") as file:
    source = file.read()
exec(compile(source, "program.py", "exec"), {"__name__": "__main__"})
say(answer, word)
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use: wall and CPU seconds, bytes of address space, bytes of a written file."""

    wall_s: float = 5.0
    cpu_s: int = 4
    memory_bytes: int = 512 * 1024 * 1024
    file_bytes: int = 1024 * 1024


def run_program(source: str, limits: Limits | None = None) -> Outcome:
    """Run `source` in an isolated interpreter of its own and empty folder; "passed" when its last line was
    reached.

    Needs a POSIX system. The child sees no environment, no site packages, no socket and no way to start a
    process; it leads a process group that is killed when the wall time is over.
    """
    limits = limits or Limits()
    word = secrets.token_hex(16).encode()
    with tempfile.TemporaryDirectory(prefix="mellum-eval-") as folder:
        Path(folder, "program.py").write_text(source, encoding="utf-8", errors="replace")
        numbers = [str(n) for n in (limits.memory_bytes, limits.cpu_s, limits.file_bytes)]
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", RUNNER, *numbers],
            cwd=folder,
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            output, _ = child.communicate(word, timeout=limits.wall_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return "timeout"
    if child.returncode == -signal.SIGXCPU:
        return "timeout"
    return "passed" if word in output else "failed"

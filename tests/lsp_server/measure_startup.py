"""How long `initialize` takes from a cold start, beside a bare import of pygls: medians of interleaved pairs.

Both find their modules compiled, as an installation has them from its second start on, whatever the environment says
about writing bytecode.

Run it with `python tests/lsp_server/measure_startup.py [PAIRS]`; the test of the same figures is in tests/e2e.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

SERVE = (sys.executable, "-P", "-m", "mellum_ls.lsp_server", "serve", "--stdio")
BARE = (sys.executable, "-P", "-c", "import pygls.lsp.server")
_BODY = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "processId": None,
            "rootUri": None,
            "capabilities": {},
            "initializationOptions": {"enable": False},
        },
    }
).encode()


def bare_seconds(env: dict[str, str]) -> float:
    """Start to end of a process that only imports pygls."""
    start = time.perf_counter()
    subprocess.run(BARE, check=True, env=env)
    return time.perf_counter() - start


def initialize_seconds(env: dict[str, str]) -> float:
    """Start of a server process to the first line of its answer to initialize."""
    start = time.perf_counter()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(SERVE, env=env, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(_BODY) + _BODY)
        process.stdin.flush()
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        assert line.startswith(b"Content-Length")
        process.kill()
    return seconds


def measure(pairs: int) -> tuple[list[float], list[float]]:
    """`pairs` interleaved runs: seconds of bare imports, seconds to the answer."""
    with tempfile.TemporaryDirectory() as compiled:
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env["PYTHONPYCACHEPREFIX"] = compiled
        bare_seconds(env)
        initialize_seconds(env)
        runs = [(bare_seconds(env), initialize_seconds(env)) for _ in range(pairs)]
    return [bare for bare, _ in runs], [initialize for _, initialize in runs]


def report(bare: list[float], initialize: list[float]) -> str:
    """Medians, spreads and the difference of the medians, in milliseconds."""
    lines = []
    for name, seconds in (("import pygls.lsp.server", bare), ("initialize answered", initialize)):
        spread = f"{min(seconds) * 1e3:.0f}-{max(seconds) * 1e3:.0f}, n={len(seconds)}"
        lines.append(f"{name:<24} median {statistics.median(seconds) * 1e3:.0f} ms ({spread})")
    difference = statistics.median(initialize) - statistics.median(bare)
    return "\n".join([*lines, f"{'difference':<24} {difference * 1e3:.0f} ms\n"])


if __name__ == "__main__":
    sys.stdout.write(report(*measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))

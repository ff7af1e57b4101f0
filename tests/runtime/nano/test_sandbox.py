"""Programs that misbehave, really run."""

import time

import pytest

from mellum_ls.runtime.nano.sandbox import Limits, run_program

QUICK = Limits(wall_s=20.0, cpu_s=1, memory_bytes=256 * 1024 * 1024, file_bytes=4096)


def test_a_program_passes_when_it_reaches_its_end() -> None:
    assert run_program("import math\nfrom typing import List\nassert math.sqrt(4) == 2\nprint('noise')\n") == "passed"


@pytest.mark.parametrize(
    "source",
    [
        "assert 1 == 2",
        "def f(:\n",
        "import sys\nsys.exit(0)",
        "import os\nos._exit(0)",
        "exit()",
        "x = bytearray(1 << 30)",
        "open('big', 'wb').write(b'x' * 100_000)",
        "import socket\nsocket.socket()",
        "import _socket",
        "import urllib.request",
        "import subprocess",
        "import os\nos.fork()",
        "import os\nos.system('true')",
        "import posix\nposix.system('true')",
        "import torch",
        "import os\nassert 'PATH' in os.environ or 'HOME' in os.environ",
        "import os\nassert os.listdir('.') != ['program.py']",
    ],
)
def test_failing_cheating_and_forbidden_programs_do_not_pass(source: str) -> None:
    assert run_program(source, QUICK) == "failed"


def test_busy_loops_end_with_the_processor_time() -> None:
    assert run_program("while True: pass", QUICK) == "timeout"


def test_a_flood_of_output_is_thrown_away() -> None:
    assert run_program("print('x' * 5_000_000)", QUICK) == "passed"


def test_sleeping_programs_end_with_the_wall_time() -> None:
    began = time.monotonic()
    assert run_program("import time\ntime.sleep(60)", Limits(wall_s=0.5)) == "timeout"
    assert time.monotonic() - began < 30

"""Every requirement has tests that exist and are collected, or stands among those that wait for their feature."""

import subprocess
import sys
from pathlib import Path

from tests.e2e.requirements import PENDING, REQUIREMENTS

ROOT = Path(__file__).resolve().parents[2]


def collected(files: set[str]) -> set[str]:
    """The node ids that pytest finds in `files`, without parameters."""
    command = [sys.executable, "-P", "-m", "pytest", "--collect-only", "-q", *sorted(files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


def test_every_requirement_is_held_by_tests_that_run() -> None:
    named = {test for requirement in REQUIREMENTS.values() for test in requirement.tests}
    missing = named - collected({test.partition("::")[0] for test in named})
    assert not missing, sorted(missing)


def test_there_are_28_and_only_those_that_wait_have_no_test() -> None:
    assert list(REQUIREMENTS) == [f"R{number}" for number in range(1, 29)]
    assert {name for name, requirement in REQUIREMENTS.items() if not requirement.tests} == set(PENDING)
    assert all(requirement.text for requirement in REQUIREMENTS.values())

"""The extension's unit tests, under node with a stub as the editor; `make test-editors` has the real one."""

import shutil
import subprocess
from pathlib import Path

import pytest

EXTENSION = Path(__file__).resolve().parents[3] / "editors" / "vscode"
INSTALL_SECONDS, RUN_SECONDS = 200, 60


def packages() -> str:
    """Install what package-lock.json names, once; why that cannot be, empty when it is there."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "there is no Node with npm"
    lock, installed = EXTENSION / "package-lock.json", EXTENSION / "node_modules" / ".installed"
    if installed.is_file() and installed.read_bytes() == lock.read_bytes():
        return ""
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"]
    try:
        done = subprocess.run(command, cwd=EXTENSION, capture_output=True, timeout=INSTALL_SECONDS, check=False)
    except (subprocess.TimeoutExpired, OSError) as error:
        return f"npm could not install the packages: {type(error).__name__}"
    if done.returncode:
        return "npm could not install the packages"
    installed.write_bytes(lock.read_bytes())
    return ""


def test_units() -> None:
    if reason := packages():
        pytest.skip(reason)
    done = subprocess.run(
        ["npm", "test", "--silent"], cwd=EXTENSION, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

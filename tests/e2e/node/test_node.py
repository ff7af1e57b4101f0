"""A client on Microsoft's own protocol library, in Node, shows, accepts and rejects next edits of the real server."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.lsp_client import isolated_environment

HERE = Path(__file__).parent
SCRIPTED = HERE.parents[1] / "fakes" / "scripted_server.py"
INSTALL_SECONDS, RUN_SECONDS = 120, 60


def library(folder: Path) -> str:
    """Install what package-lock.json names into `folder`; why that cannot be, empty when it is there."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "there is no Node with npm"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=INSTALL_SECONDS, check=False)
    except (subprocess.TimeoutExpired, OSError) as error:
        return f"npm could not install the library: {type(error).__name__}"
    return "" if done.returncode == 0 else "npm could not install the library"


def test_it_shows_accepts_and_rejects_next_edits(tmp_path: Path) -> None:
    if reason := library(tmp_path):
        pytest.skip(reason)
    server = json.dumps([sys.executable, "-P", str(SCRIPTED), ""])
    command = ["node", str(HERE / "client.mjs"), server, str(tmp_path / "package.json")]
    done = subprocess.run(
        command, env=isolated_environment(tmp_path), capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert [seen[name]["range"]["start"] for name in ("rejected", "accepted")] == [
        {"line": 5, "character": 18},
        {"line": 6, "character": 12},
    ]
    # What was rejected stands as it was, and comes no more.
    assert 'console.log("🎉", area(1));\nconsole.log(surface(2));\n' in seen["text"]
    assert seen["silence"] == "an edit was found and not shown: it was turned down here"
    told = {name: seen["nextEdits"][name] for name in ("offered", "shown", "accepted", "rejected")}
    assert told == {"offered": 2, "shown": 2, "accepted": 1, "rejected": 1}
    assert seen["code"] == 0

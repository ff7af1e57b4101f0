"""The command as a child process, whose hub is the one on this machine that HF_ENDPOINT names."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mellum_ls.runtime.checkpoints.__main__ import main
from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.checkpoints.pull_command import wanted
from mellum_ls.runtime.environment import variables_with
from mellum_ls.runtime.errors import ModelNotFound
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.hub import HubState, hub_server

MODEL = "JetBrains/Mellum2-small"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    folder = write_checkpoint(tmp_path / "source")
    with hub_server(HubState(MODEL, {path.name: path.read_bytes() for path in folder.iterdir()})) as address:
        yield address


def test_a_mirror_is_named_by_the_environment(address: str, tmp_path: Path) -> None:
    variables = variables_with({"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home")}, ("HF_HUB_CACHE",))
    command = [sys.executable, "-P", "-m", "mellum_ls.lsp_server", "models", "pull", MODEL]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{MODEL} is on this machine: 4 files" in done.stdout
    assert "every file agrees with its checksum" in done.stdout
    assert str(tmp_path / "home" / "hub") in done.stdout


def test_without_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for given, offline in (({"offline": True}, "0"), ({}, "1")):
        monkeypatch.setenv("HF_HUB_OFFLINE", offline)
        out = io.StringIO()
        assert main(["pull", json.dumps({"model": MODEL, "json": True, **given})], out) == 3
        assert json.loads(out.getvalue()) == {
            "error": f"{MODEL} is not on this machine, and offline nothing is fetched: leave out --offline",
            "kind": "HubUnavailable",
            "code": 3,
        }
    errors = io.StringIO()
    assert main(["pull", json.dumps({"model": "mellum2-nano"})], io.StringIO(), errors) == 1
    assert errors.getvalue() == "mellum-ls models pull: mellum2-nano is part of mellum-ls: there is nothing to pull\n"


def test_names_and_revisions() -> None:
    assert wanted("a/b", "v1") == wanted("a/b@v1", None) == wanted("a/b@v1", "v1") == HubModel("a/b", "v1")
    with pytest.raises(ModelNotFound, match="name two revisions"):
        wanted("a/b@v1", "v2")
    with pytest.raises(ModelNotFound, match="'/home/me/model' is no name of a model on a hub: wanted OWNER/NAME"):
        wanted("/home/me/model", None)

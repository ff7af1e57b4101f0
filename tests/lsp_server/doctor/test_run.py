import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mellum_ls.context.index.workspace_index import WorkspaceIndex
from mellum_ls.lsp_server import cli
from mellum_ls.lsp_server.doctor import run as doctor
from mellum_ls.lsp_server.doctor.checks import Check, Group
from mellum_ls.lsp_server.doctor.run import in_words, index_paths, run
from tests.fakes.checkpoints import write_checkpoint

COMMAND = [sys.executable, "-P", "-m", "mellum_ls.lsp_server", "doctor"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MELLUM_")}
    return {**own, "MELLUM_RUNTIME_DIR": str(tmp_path / "run"), "MELLUM_CACHE_DIR": str(tmp_path / "cache"), **more}


def test_the_command_on_a_whole_installation(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--json"], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment(tmp_path)
    )
    told = json.loads(done.stdout)
    assert [check for check in told["checks"] if check["state"] == "failure"] == []
    assert (done.returncode, told["ok"], done.stderr) == (0, True, "")
    assert list(dict.fromkeys(check["group"] for check in told["checks"])) == GROUPS
    assert {"group", "name", "state", "says", "remedy", "listed"} == set(told["checks"][0])
    assert list(tmp_path.iterdir()) == []


def test_the_command_in_words_names_what_is_broken(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m")
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    done = subprocess.run(
        [*COMMAND, f"--model={model}", f"--workspace={tmp_path}"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(tmp_path, MELLUM_THREADS="many"),
    )
    assert done.returncode == 1
    failures = [line for line in done.stdout.splitlines() if line.startswith("  FAILURE")]
    assert len(failures) == 2
    assert "MELLUM_THREADS is 'many'" in failures[0]
    assert f"{weights} is truncated" in failures[1]
    assert done.stdout.splitlines()[-1].startswith("failures: 2, ")


def test_a_terminal_of_another_encoding_gets_every_line(tmp_path: Path) -> None:
    """Also where a name has characters that it does not know, or none at all."""
    odd = tmp_path / "größe_日"
    odd.mkdir()
    with open(os.fsencode(odd) + b"/\xff.py", "wb"):
        pass
    done = subprocess.run(
        [*COMMAND, f"--workspace={odd}", f"--model={odd}"],
        capture_output=True,
        check=False,
        env=environment(tmp_path, PYTHONIOENCODING="ascii"),
    )
    assert done.stderr == b""
    assert rb"gr\xf6\xdfe_\u65e5: 0 files are read" in done.stdout


def test_a_group_that_breaks_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def find() -> list[Check]:
        raise ZeroDivisionError

    groups = [Group("broken", find), Group("whole", lambda: [Check("a", "warning", "so so", "wait")])]
    monkeypatch.setattr(doctor, "all_groups", lambda model, workspace: groups)
    lines: list[str] = []
    assert run(None, None, as_json=False, out=lines.append) == 1
    assert "ZeroDivisionError" in lines[0]
    assert lines[1:] == ["whole\n  WARNING  a: so so\n             -> wait\n", "failures: 1, warnings: 1"]
    assert run(None, None, as_json=True, out=lines.append) == 1
    assert [check["group"] for check in json.loads(lines[-1])["checks"]] == ["broken", "whole"]


def test_warnings_alone_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [Group("whole", lambda: [Check("a", "warning", "so so"), Check("b", "ok", "well")])]
    monkeypatch.setattr(doctor, "all_groups", lambda model, workspace: groups)
    lines: list[str] = []
    assert run(None, None, as_json=False, out=lines.append) == 0
    assert lines[-1] == "everything works, warnings: 1"


def test_several_lines_and_odd_names_stay_in_their_place() -> None:
    check = Check("a", "failure", "two\n  things", "do it", ("b\x1b[2J", "c\udcff"))
    assert in_words("title", [check]).split("\n") == [
        "title",
        "  FAILURE  a: two",
        "             things",
        "             - b\\x1b[2J",
        "             - c\\udcff",
        "             -> do it",
        "",
    ]


def test_an_index_is_looked_for_where_the_server_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    real, link = (WorkspaceIndex(tmp_path / name, tmp_path / "cache" / "index").path for name in ("real", "link"))
    assert index_paths(tmp_path / "cache", tmp_path / "link") == [link, real]
    monkeypatch.chdir(tmp_path / "real")
    assert index_paths(tmp_path / "cache", Path(".")) == [real]


def test_the_arguments_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def note(model: str | None, workspace: str | None, *, as_json: bool, out: object) -> int:
        given.append((model, workspace, as_json))
        return 4

    monkeypatch.setattr(doctor, "run", note)
    assert cli.main(["doctor", "--model=m", "--workspace", "w", "--json"]) == 4
    assert cli.main(["doctor"]) == 4
    assert given == [("m", "w", True), (None, None, False)]


GROUPS = ["system", "environment", "device and model", "model process", "languages", "workspace", "index", "editors"]

from importlib.metadata import version
from pathlib import Path

import pytest

from mellum_ls.lsp_server import cli, serve
from mellum_ls.lsp_server.answers.asking import BackendFactory
from mellum_ls.lsp_server.model.runtime_backend import RuntimeBackend
from mellum_ls.runtime.client.launch import RuntimeOptions


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    calls: list[tuple[object, ...]] = []

    def run(connection: serve.Connection, model: str, parent: int | None) -> int:
        calls.append((connection, model, parent))
        return 3

    monkeypatch.setattr(serve, "run", run)
    return calls


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (serve.Connection(), "", None)),
        (["--stdio"], (serve.Connection(), "", None)),
        (["serve", "--stdio", "--clientProcessId=7"], (serve.Connection(), "", 7)),
        (["serve", "--pipe=/p"], (serve.Connection(pipe="/p"), "", None)),
        (["--socket=6000", "--model", "m"], (serve.Connection(socket=6000), "m", None)),
        (["serve", "--port", "0"], (serve.Connection(port=0), "", None)),
    ],
)
def test_serve_is_the_default_and_takes_each_way_to_connect(
    served: list[tuple[object, ...]], arguments: list[str], expected: tuple[object, ...]
) -> None:
    assert cli.main(arguments) == 3
    assert served == [expected]


def test_the_format_reaches_the_model_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines: list[list[str]] = []
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MELLUM_FORMAT", "int8")

    def note(backend: object, options: RuntimeOptions) -> None:
        lines.append(options.command(options.address()))

    monkeypatch.setattr(RuntimeBackend, "__init__", note)

    def run(
        connection: serve.Connection, model: str, parent: int | None, make: BackendFactory = serve.resident_backend
    ) -> int:
        make(model)
        return 0

    monkeypatch.setattr(serve, "run", run)
    cli.main(["serve", "--format=int4"])
    cli.main(["serve"])
    assert [line[line.index("--format") + 1] for line in lines] == ["int4", "int8"]
    with pytest.raises(SystemExit):
        cli.main(["serve", "--format=q4"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--unknown"],
        ["serve", "--std"],
        ["serve", "--stdio", "--pipe=x"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "x"],
        ["runtime"],
        ["runtime", "restart"],
        ["nonsense"],
    ],
)
def test_wrong_arguments_are_refused(
    served: list[tuple[object, ...]], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as fault:
        cli.main(arguments)
    assert fault.value.code == 2
    assert capsys.readouterr().err
    assert served == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"mellum-ls {version('mellum-ls')}\n"

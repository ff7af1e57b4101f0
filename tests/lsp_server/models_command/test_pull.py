import pytest

from mellum_ls.lsp_server import cli
from tests.lsp_server.models_command.parsing import asked


def test_options(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"model": "a/b", "revision": None, "offline": False, "json": False}
    assert asked(monkeypatch, "pull", "a/b") == ("pull", plain)
    assert asked(monkeypatch, "pull", "a/b", "--revision", "v1", "--offline", "--json") == (
        "pull",
        {"model": "a/b", "revision": "v1", "offline": True, "json": True},
    )


def test_a_model_must_be_named_and_the_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["models", "pull"])
    assert caught.value.code == 2
    with pytest.raises(SystemExit):
        cli.main(["models", "pull", "--help"])
    assert "exit codes: 0 here and whole" in capsys.readouterr().out

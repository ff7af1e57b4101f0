import pytest

from tests.lsp_server.models_command.parsing import asked


def test_options(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, "inspect") == ("inspect", {"model": None, "json": False})
    assert asked(monkeypatch, "inspect", "--json", "a/b") == ("inspect", {"model": "a/b", "json": True})

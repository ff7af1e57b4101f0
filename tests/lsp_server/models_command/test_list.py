import pytest

from tests.lsp_server.models_command.parsing import asked


def test_options(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, "list") == ("list", {"json": False})
    assert asked(monkeypatch, "list", "--json") == ("list", {"json": True})

"""What a command line of `mellum-ls models` asks its child for."""

from collections.abc import Mapping

import pytest

from mellum_ls.lsp_server import cli
from mellum_ls.lsp_server.models_command import child

Asked = tuple[str, Mapping[str, object]]


def asked(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Asked:
    """The name and options that the child would get; the child itself is not started."""
    found: list[Asked] = []
    monkeypatch.setattr(child, "run", lambda name, options: found.append((name, options)) or 5)
    assert cli.main(["models", *arguments]) == 5
    (only,) = found
    return only

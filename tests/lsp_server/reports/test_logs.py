import io
import logging
import sys
from collections.abc import Iterator

import pytest

from mellum_ls.lsp_server.reports import logs


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root.handlers = []
    logs.configure("DEBUG")
    yield stream
    root.handlers = handlers
    root.setLevel(level)


def test_foreign_lines_lose_their_arguments_and_tracebacks(output: io.StringIO) -> None:
    foreign = logging.getLogger("pygls.protocol.json_rpc")
    foreign.info("Sending data: %s", "secret")
    try:
        raise ValueError("secret")
    except ValueError:
        foreign.exception("Failed to handle %s", {"text": "secret"})
    assert "secret" not in output.getvalue()
    assert "Failed to handle %s (ValueError)" in output.getvalue()


def test_own_lines_stay_whole(output: io.StringIO) -> None:
    logging.getLogger("mellum_ls.x").debug("ready %d", 7)
    assert "DEBUG mellum_ls.x: ready 7" in output.getvalue()

import asyncio

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.features import shown
from mellum_ls.lsp_server.features.inline_completion import answer
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost

SHOW, PARTLY, FOCUS = (
    f"textDocument/{name}" for name in ("didShowCompletion", "didPartiallyAcceptCompletion", "didFocus")
)


def test_items_are_known_by_their_command() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        shown.register(host, session)
        session.documents.open("u", "python", 1, "x = ")
        await host.call(SHOW, {"item": {"command": {"arguments": ["unknown"]}}})
        suggestions = [Suggestion("one two", 0, 4, 4)]
        [offer] = session.offer("u", suggestions)
        items = answer(suggestions, [offer.id])["items"]
        assert isinstance(items, list)
        assert not offer.shown
        await host.call(SHOW, {"item": {"command": items[0]["command"]}})
        assert offer.shown
        await host.call(PARTLY, {"item": items[0], "acceptedLength": 3})
        assert (offer.partly, offer.fate) == (True, "")
        await host.call(PARTLY, {"item": items[0], "acceptedLength": 7})
        assert offer.fate == "accepted"

    asyncio.run(run())


def test_the_status_speaks_of_the_document_in_focus() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        shown.register(host, session)
        await host.call(FOCUS, {"textDocument": {"uri": "file:///p/.env"}})
        assert "kept back" in session.standing.status.message
        await host.call(FOCUS, {})
        assert session.standing.status.kind == "Normal"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "raw"),
    [
        (SHOW, {}),
        (SHOW, {"item": {}}),
        (SHOW, {"item": {"command": {"arguments": []}}}),
        (PARTLY, {"item": {"command": {"arguments": ["x"]}}}),
        (PARTLY, {"item": {"command": {"arguments": ["x"]}}, "acceptedLength": "1"}),
        (FOCUS, {"textDocument": {"uri": 1}}),
    ],
)
def test_what_they_cannot_mean_is_refused(method: str, raw: dict[str, object]) -> None:
    host = FakeHost()
    shown.register(host, Session(lambda _: ScriptedBackend()))
    with pytest.raises(ParamsError):
        asyncio.run(host.call(method, raw))

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from mellum_ls.lsp_server.actions.kinds import EXPLAIN, FIX, Kind
from mellum_ls.lsp_server.actions.wanted import Wanted
from mellum_ls.lsp_server.documents.store import Edit
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.abilities import Abilities
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend

URI = "file:///r/a.py"
TEXT = "def one():\n    return uno\n"
GOOD = "```\ndef one():\n    return 1\n```"


def play(backend: ScriptedBackend, scene: Callable[[Session], Awaitable[None]]) -> None:
    async def run() -> None:
        session = Session(lambda _: backend)
        session.roots = ("file:///r",)
        session.client = Client(abilities=Abilities(*[True] * 8))
        session.open(URI, "python", 1, TEXT)
        await scene(session)
        await session.close()

    asyncio.run(run())


def wanted(session: Session, kind: Kind = FIX) -> Wanted:
    document = session.documents.get(URI)
    assert document is not None
    return Wanted(kind, URI, 1, 1, document.revision)


def quiet(text: str) -> None:
    pass


def test_listing_asks_the_model_nothing_and_says_why_there_is_nothing() -> None:
    backend = ScriptedBackend(no_chat="it cannot")

    async def scene(session: Session) -> None:
        assert (await session.actions.report())["unavailable"] == "the model is not loaded"
        assert await session.actions.at(URI, (0, 0), (), ()) == []
        assert session.actions.unavailable == "it cannot"
        backend.no_chat = ""
        assert len(await session.actions.at(URI, (0, 0), (), ())) == 3
        assert (session.actions.unavailable, backend.chats) == ("", [])
        assert await session.actions.at("file:///r/other.py", (0, 0), (), ()) == []
        assert session.actions.unavailable == "the document is not open"
        session.configure("options", {"enable": False})
        assert await session.actions.at(URI, (0, 0), (), ()) == []
        assert "switched off" in session.actions.unavailable

    play(backend, scene)


def test_what_comes_of_an_action_is_reported() -> None:
    async def scene(session: Session) -> None:
        result = await session.actions.run(wanted(session), quiet)
        assert result.edit is not None
        assert session.actions.is_current(wanted(session), result)
        stale = replace(wanted(session), revision=99)
        assert (await session.actions.run(stale, quiet)).reason == "the document has moved on"
        session.edit(URI, 2, [Edit("x = 1\n")])
        assert not session.actions.is_current(wanted(session), result)
        report = await session.actions.report()
        assert (report["done"], report["failed"], report["unavailable"]) == (1, 1, "")
        assert report["last"] == "fix: the document has moved on"

    play(ScriptedBackend(replies=GOOD), scene)


def test_a_newer_action_ends_an_older_one_of_its_document() -> None:
    backend = ScriptedBackend(replies=GOOD, gate=asyncio.Event())

    async def scene(session: Session) -> None:
        older = asyncio.ensure_future(session.actions.run(wanted(session), quiet))
        await backend.chatting.get()
        explaining = asyncio.ensure_future(session.actions.run(wanted(session, EXPLAIN), quiet))
        await backend.chatting.get()
        assert not older.done(), "an explanation takes nothing from a fix"
        newer = asyncio.ensure_future(session.actions.run(wanted(session), quiet))
        assert (await older).reason == "a newer action took its place"
        assert backend.gate is not None
        backend.gate.set()
        assert (await newer).done
        assert (await explaining).text

    play(backend, scene)


def test_a_model_that_went_away_is_a_reason_and_no_error() -> None:
    backend = ScriptedBackend(replies=GOOD)

    async def scene(session: Session) -> None:
        assert await session.actions.why_none() == ""
        backend.no_chat = "the process died"
        result = await session.actions.run(wanted(session), quiet)
        assert result.reason == "the model is not available: the process died"

    play(backend, scene)


def test_a_kept_back_document_is_not_worked_on() -> None:
    backend = ScriptedBackend(replies=GOOD)

    async def scene(session: Session) -> None:
        session.open("file:///r/.env", "python", 1, TEXT)
        result = await session.actions.run(Wanted(EXPLAIN, "file:///r/.env", 0, 0), quiet)
        assert "kept back" in result.reason
        assert backend.chats == []

    play(backend, scene)

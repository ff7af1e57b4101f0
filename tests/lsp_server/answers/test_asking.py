from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

from mellum_ls.lsp_server.answers.asking import Asking
from mellum_ls.lsp_server.documents.store import DocumentStore
from mellum_ls.lsp_server.model.backend import Message
from mellum_ls.lsp_server.prompt.pinned import PinnedFiles
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.settings.fields import Settings
from tests.fakes.backend import AskedChat, ScriptedBackend
from tests.lsp_server.answers.test_parked import gap_at


def asking_over(backend: ScriptedBackend) -> Asking:
    def never(work: Coroutine[Any, Any, None]) -> None:
        raise AssertionError(f"nothing was to run in the background: {work}")

    documents = DocumentStore()
    return Asking(lambda _: backend, PinnedFiles(documents), Repository(documents, never, None), never)


class RestingFolder:
    """Notes for how long its index is to rest."""

    def __init__(self) -> None:
        self.rests: list[float] = []

    def rest(self, seconds: float) -> None:
        self.rests.append(seconds)


def test_while_the_model_computes_no_index_is_built() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1 2")
        asking = asking_over(backend)
        folder = RestingFolder()
        asking._repository._folders["file:///project"] = folder  # type: ignore[assignment]
        query = await asking.query(gap_at("x = |"), Settings(), [])
        for ahead in (False, True):
            async with aclosing(asking.stream(query, "m", ahead=ahead)) as stream:
                assert folder.rests == []
                await anext(stream)
                assert folder.rests == [2.0]
            # Left in the midst: the next key may be near, then it goes on.
            assert folder.rests == [2.0, 0.12]
            folder.rests.clear()
        assert await asking.read_ahead(query, "m")
        assert folder.rests == [2.0, 0.12]

    asyncio.run(run())


def test_what_an_answer_has_read_need_not_be_read_again() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        asking = asking_over(backend)
        query, other = [await asking.query(gap_at(text), Settings(), []) for text in ("x = |", "y = |")]
        async with aclosing(asking.stream(query, "m")) as stream:
            assert [item async for item in stream]
        assert not await asking.read_ahead(query, "m")
        # What is written ahead stands behind what has been read.
        async with aclosing(asking.stream(other, "m", ahead=True)) as stream:
            assert [item async for item in stream]
        assert not await asking.read_ahead(query, "m")
        assert await asking.read_ahead(other, "m")
        asking.forget()
        assert await asking.read_ahead(other, "m")
        assert backend.prefilled == [other, other]
        assert (backend.asked, backend.asked_ahead) == ([query], [other])
        assert (asking.runs, asking.runs_ahead) == (1, 1)

    asyncio.run(run())


def test_an_answer_that_was_left_has_read_nothing() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1 2")
        asking = asking_over(backend)
        query = await asking.query(gap_at("x = |"), Settings(), [])
        async with aclosing(asking.stream(query, "m")) as stream:
            await anext(stream)
        assert backend.cancelled == 1
        assert await asking.read_ahead(query, "m")

    asyncio.run(run())


def test_a_model_that_is_away_has_read_nothing() -> None:
    async def run() -> None:
        backend = ScriptedBackend(error="away")
        asking = asking_over(backend)
        assert await asking.status() is None
        query = await asking.query(gap_at("x = |"), Settings(), [])
        assert not await asking.read_ahead(query, "m")
        backend.error = ""
        assert await asking.read_ahead(query, "m")
        status = await asking.status()
        assert status is not None
        assert status.state == "ready"
        await asking.close()
        assert backend.closed

    asyncio.run(run())


def test_a_conversation_is_a_run_of_the_model_and_reaches_it_whole() -> None:
    async def run() -> None:
        backend = ScriptedBackend(replies="so")
        asking = asking_over(backend)
        said = (Message("user", "why?"),)
        stream = asking.chat(said, "m", session="s", max_tokens=7, priority="next_edit", predicted="so")
        async with aclosing(stream) as items:
            assert [item.text async for item in items] == ["so", "so"]
        assert backend.asked_chats == [AskedChat(said, "s", 7, "next_edit", "so")]
        assert asking.runs == 1

    asyncio.run(run())

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mellum_ls.lsp_server.answers.flight import Flight
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Piece, Stream
from tests.fakes.sleeper import settled
from tests.lsp_server.answers.test_parked import gap_at


class Model:
    """A stream that says what it is fed."""

    def __init__(self) -> None:
        self.words: asyncio.Queue[Piece | Done | Exception | None] = asyncio.Queue()
        self.closed = False

    async def stream(self) -> Stream:
        try:
            while (word := await self.words.get()) is not None:
                if isinstance(word, Exception):
                    raise word
                yield word
        finally:
            self.closed = True


def typed(text: str, line: int, column: int) -> Edit:
    return Edit(text, Place(line, column), Place(line, column))


async def flight_with(
    *words: Piece | Done | Exception | None, text: str = "x = |", known: str = ""
) -> tuple[Flight, Model, list[Flight]]:
    model, landed = Model(), list[Flight]()
    for word in words:
        model.words.put_nowait(word)
    flight = Flight(gap_at(text), model.stream(), landed.append, known)
    await settled()
    return flight, model, landed


def test_it_grows_and_lands_once() -> None:
    async def run() -> None:
        flight, model, landed = await flight_with(Piece("ab"))
        growth = asyncio.ensure_future(flight.growth())
        await settled()
        assert (flight.written, flight.over, growth.done(), landed) == ("ab", False, False, [])
        model.words.put_nowait(Piece("c"))
        await growth
        model.words.put_nowait(Done("abc", "line"))
        await flight.task
        assert (flight.written, flight.over, landed, model.closed) == ("abc", True, [flight], True)

    asyncio.run(run())


@pytest.mark.parametrize("end", [BackendUnavailable("away"), ValueError("a fault"), None], ids=repr)
def test_a_failure_wakes_who_waits(end: Exception | None) -> None:
    async def run() -> None:
        flight, model, landed = await flight_with(Piece("ab"))
        growth = asyncio.ensure_future(flight.growth())
        model.words.put_nowait(end)
        await growth
        assert flight.over
        assert isinstance(flight.failure, type(end) if end else BackendUnavailable)
        assert (landed, model.closed) == ([flight], True)

    asyncio.run(run())


def test_ending_it_closes_the_stream_and_wakes_who_waits() -> None:
    async def run() -> None:
        flight, model, landed = await flight_with(Piece("ab"))
        growth = asyncio.ensure_future(flight.growth())
        await settled()
        flight.end()
        await growth
        assert (model.closed, landed, flight.over) == (True, [flight], True)
        flight.end()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("written", "done", "typed_text", "along"),
    [
        ("abc", False, "", True),
        ("abc", False, "ab", True),
        ("abc", False, "abcd", True),
        ("abc", True, "abcd", False),
        ("abc", False, "b", False),
        ("", False, "", True),
        ("", False, "a", False),
    ],
)
def test_what_goes_along(written: str, done: bool, typed_text: str, along: bool) -> None:
    async def run() -> None:
        words: list[Piece | Done] = [Piece(written)] if written else []
        flight, _, _ = await flight_with(*words, *([Done(written)] if done else []))
        assert flight.goes_along(typed_text) == along
        flight.end()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("edits", "along"),
    [
        ([typed("f", 0, 4), typed("o", 0, 5)], True),
        ([typed("f", 0, 4), typed("o", 0, 4)], False),
        ([typed("fo:\r\n  x", 0, 4), typed("y", 1, 3)], True),
        ([typed("g", 0, 4)], False),
        ([typed("f", 0, 3)], False),
        ([Edit("f", Place(0, 4), Place(0, 6))], True),
        ([Edit("f", Place(0, 3), Place(0, 4))], False),
        ([Edit("all of it")], False),
        ([], True),
    ],
)
def test_edits_that_type_along_and_others(edits: Sequence[Edit], along: bool) -> None:
    async def run() -> None:
        flight, _, _ = await flight_with(Piece("fo:\n  xyz"))
        assert flight.follow(edits) == along
        flight.end()

    asyncio.run(run())


def test_columns_are_utf16() -> None:
    async def run() -> None:
        flight, _, _ = await flight_with(Piece("😀b"), text="é😀|")
        assert flight.follow([typed("😀", 0, 3), typed("b", 0, 5)])
        flight.end()

    asyncio.run(run())


def test_what_is_known_comes_first() -> None:
    async def run() -> None:
        flight, model, _ = await flight_with(Piece("\ny"), known="a")
        assert flight.written == "a\ny"
        model.words.put_nowait(Done("\ny = 1"))
        await flight.task
        assert flight.written == "a\ny = 1"

    asyncio.run(run())

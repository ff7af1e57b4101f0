import asyncio
import io
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from mellum_ls.lsp_server.demo.client import LspClient, ServerGone
from mellum_ls.lsp_server.demo.editor import Editor
from mellum_ls.lsp_server.demo.plan import Edit
from mellum_ls.lsp_server.demo.play import AIM, NEEDED, Limits, Performance
from mellum_ls.lsp_server.demo.report import Tally
from mellum_ls.lsp_server.demo.screen import Screen
from mellum_ls.lsp_server.demo.sources import Source
from mellum_ls.lsp_server.demo.typist import Hurried, Person, Typist

SCRIPTED = (sys.executable, "-P", str(Path(__file__).parents[2] / "fakes" / "scripted_server.py"))
LINE = "value = compute(first, second)"
# No two lines that follow each other are the same: what the next line says is not suggested.
SOURCE = Source("a.py", f"{LINE}\nreport(value)\n" * 40)
NO_LIMITS = Limits(1e9, 1e9)


def edits(count: int, truth: str = LINE) -> list[Edit]:
    return [Edit("a.py", "line", number * len(f"{LINE}\nreport(value)\n"), truth) for number in range(count)]


async def no_time(_: float) -> None:
    """A sleep that lets everyone else go first, and takes no time."""
    await asyncio.sleep(0)


def performed(
    answer: Sequence[str], typist: Typist, chosen: Sequence[Edit], limits: Limits = NO_LIMITS
) -> tuple[Tally, str, str]:
    """The tally, the editor's text and the screen after a performance over the real server, its model scripted.

    Each look at the clock is a second.
    """
    output = io.StringIO()

    async def run() -> tuple[Tally, str]:
        client = await LspClient.start([*SCRIPTED, *answer])
        try:
            await client.initialize("file:///work", {"streaming": True})
            ticks = itertools.count()
            editor = Editor(client, Path("/work"), lambda: float(next(ticks)))
            screen = Screen(Console(file=output, width=80))
            performance = Performance(editor, typist, screen, lambda: float(next(ticks)), no_time)
            await performance.run(chosen, [SOURCE], limits)
            return performance.tally, editor.buffer.text
        finally:
            await client.close()

    tally, text = asyncio.run(run())
    assert tally.requests == len(tally.shown) + tally.empty + tally.cancelled
    return tally, text, output.getvalue()


def test_what_is_right_is_taken_whole() -> None:
    tally, text, screen = performed([LINE], Hurried(), edits(2))
    assert text == SOURCE.text
    assert (tally.edits, tally.requests, tally.accepted("whole"), tally.typed_chars) == (2, 2, 2, 0)
    assert tally.shown[1].line == 3
    assert f"⟦{LINE}⟧" in screen


def test_the_right_beginning_is_taken_and_the_rest_asked_for_again() -> None:
    tally, text, _ = performed(["value = other(1)"], Hurried(), edits(1))
    assert text == SOURCE.text
    first = tally.shown[0]
    assert (first.accepted, first.accepted_text, first.truth) == ("partly", "value =", LINE)
    assert tally.shown[1].truth == " compute(first, second)"


def test_what_is_wrong_is_typed_over_and_the_text_is_whole_again() -> None:
    tally, text, screen = performed(["wrong"], Hurried(), edits(1))
    assert text == SOURCE.text
    assert tally.accepted("none") == len(tally.shown) == 2
    assert tally.typed_chars == 4
    assert screen.count("typed on") == 2


def test_no_answer_is_counted_as_such() -> None:
    tally, text, screen = performed([""], Hurried(), edits(1))
    assert text == SOURCE.text
    assert (tally.requests, tally.empty) == (2, 2)
    assert "nothing was suggested" in screen


def test_a_person_who_types_on_takes_questions_back() -> None:
    tally, text, _ = performed(["wrong word", "hang"], Person(1), edits(3))
    assert text == SOURCE.text
    assert tally.cancelled > 0
    assert all(shown.total_s is None for shown in tally.shown)


def test_it_ends_when_enough_was_shown() -> None:
    right = performed([LINE], Hurried(), edits(40))[0]
    assert right.edits == AIM
    quick = performed([LINE], Hurried(), edits(40), Limits(soft=0.0, hard=1e9))[0]
    assert len(quick.shown) == NEEDED
    assert performed([LINE], Hurried(), edits(40), Limits(soft=0.0, hard=4.0))[0].edits == 1


def test_a_server_that_dies_ends_it() -> None:
    async def run() -> None:
        client = await LspClient.start([*SCRIPTED, LINE])
        await client.initialize("file:///work", {})
        editor = Editor(client, Path("/work"), time.perf_counter)
        performance = Performance(editor, Hurried(), Screen(Console(file=io.StringIO())), time.perf_counter, no_time)
        client.notify("exit")
        with pytest.raises(ServerGone):
            await performance.run(edits(3), [SOURCE], NO_LIMITS)
        await client.close()

    asyncio.run(run())

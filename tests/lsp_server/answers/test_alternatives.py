import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mellum_ls.lsp_server.answers.alternatives import alternatives
from mellum_ls.lsp_server.answers.completer import Gap, Suggestion, complete, query_for
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.model.backend import Backend, BackendUnavailable, Done, Piece, Query
from mellum_ls.lsp_server.model.runtime_backend import RuntimeBackend
from mellum_ls.lsp_server.settings.fields import Settings
from mellum_ls.runtime.client.launch import RuntimeOptions, stop
from tests.fakes.backend import ScriptedBackend

SETTINGS = Settings(max_tokens=12)


def gap_in(text: str) -> Gap:
    """The gap at the bar in the last line of `text`."""
    lines = split_lines(text.replace("|", ""))
    column = text.rpartition("\n")[2].index("|")
    return Gap.of(Document("file:///r/a.py", "python", 1, lines).snapshot(Place(len(lines) - 1, column)), None)


def ask(text: str, backend: Backend, count: int = 3) -> tuple[Suggestion, ...]:
    gap = gap_in(text)
    return asyncio.run(alternatives(gap, query_for(gap, SETTINGS), backend.complete, SETTINGS, None, count))


def ranked(*texts: str) -> ScriptedBackend:
    return ScriptedBackend(lambda query: texts[query.rank])


def test_ranks_are_asked_one_after_the_other_and_come_in_their_order() -> None:
    backend = ranked("one", "two", "three", "four")
    assert ask("x = |", backend) == tuple(Suggestion(text, 0, 4, 4) for text in ("one", "two", "three"))
    assert [query.rank for query in backend.asked] == [0, 1, 2]
    gap = gap_in("x = |")
    assert backend.asked[0] == query_for(gap, SETTINGS), "the first is the request of a key, whose work it finds done"


def test_a_single_one_asks_once() -> None:
    backend = ranked("one", "two")
    assert ask("x = |", backend, count=1) == (Suggestion("one", 0, 4, 4),)
    assert len(backend.asked) == 1


@pytest.mark.parametrize(
    ("text", "written", "shown"),
    [
        ("x = |", ("one", "one ", "two"), ["one", "two"]),
        ("x = |", ("one", "", "two"), ["one", "two"]),
        ("x = |", ("", "", ""), []),
        ("x = |", ("", "one", ""), ["one"]),
        # The bracket that stands there already makes them one.
        ("f(|)", ("a", "a)", "b"), ["a", "b"]),
        # Other texts and other ranges, yet the same line when accepted.
        ("f(|);", ("a, (b", "a, (b)", "c"), ["a, (b)", "c"]),
    ],
)
def test_what_would_be_shown_twice_is_shown_once(text: str, written: tuple[str, ...], shown: list[str]) -> None:
    assert [suggestion.text for suggestion in ask(text, ranked(*written))] == shown


class Failing(ScriptedBackend):
    """Answers `good` ranks; then it is not available any more."""

    def __init__(self, good: int) -> None:
        super().__init__(lambda query: f"word{query.rank}")
        self._good = good

    async def complete(self, query: Query) -> AsyncGenerator[Piece | Done, None]:
        self.error = "" if query.rank < self._good else "it died"
        async for item in super().complete(query):
            yield item


def test_a_model_that_fails_later_leaves_what_came_before() -> None:
    assert [suggestion.text for suggestion in ask("x = |", Failing(1))] == ["word0"]
    with pytest.raises(BackendUnavailable, match="it died"):
        ask("x = |", Failing(0))


def test_something_newer_ends_the_asking() -> None:
    backend = ScriptedBackend("", reason="superseded")
    assert ask("x = |", backend) == ()
    assert len(backend.asked) == 1


def test_the_embedded_model_has_several_ways_to_go_on(tmp_path: Path) -> None:
    options = RuntimeOptions(runtime_dir=tmp_path / "run", cache_dir=tmp_path / "c", idle_seconds=60.0, threads=1)
    gap = gap_in("import os\n\n\ndef names(folder):\n    for entry in os.|")
    query = query_for(gap, SETTINGS)

    async def run() -> None:
        backend = RuntimeBackend(options)
        likeliest = await complete(gap, backend.complete(query), SETTINGS)
        several = await alternatives(gap, query, backend.complete, SETTINGS, None, 3)
        assert several[0] == likeliest.suggestion
        assert 2 <= len({suggestion.text for suggestion in several}) == len(several) <= 3
        assert await alternatives(gap, query, backend.complete, SETTINGS, None, 3) == several, (
            "there is no chance in it"
        )
        status = await backend.status()
        assert status.details is not None
        figures = status.details["engine"]
        # One prompt and, for each of the six requests behind it, a token or two.
        assert figures["computed_tokens"] <= likeliest.usage.prompt_tokens + 12
        await backend.close()

    try:
        asyncio.run(run())
    finally:
        stop(options)

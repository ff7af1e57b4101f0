from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mellum_ls.lsp_server.answers.answering import EARLY, PARKED, Answering
from mellum_ls.lsp_server.answers.completer import Answer, Gap, Suggestion
from mellum_ls.lsp_server.documents.store import Edit
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Piece, Stream
from mellum_ls.lsp_server.settings.fields import Settings
from tests.fakes.sleeper import Sleeper, settled
from tests.lsp_server.answers.test_flight import Model, typed
from tests.lsp_server.answers.test_parked import gap_at

SETTINGS = Settings()


class Desk:
    """An Answering with time that passes on demand, and the models that it has asked."""

    def __init__(self) -> None:
        self.time = Sleeper()
        self.answering = Answering(self.time.sleep, lambda: self.time.now)
        self.models: list[Model] = []

    async def ask(self) -> Stream:
        self.models.append(Model())
        return self.models[-1].stream()

    def request(
        self, gap: Gap, on_growth: Callable[[Suggestion], None] | None = None, *, at_once: bool = False
    ) -> asyncio.Task[Answer]:
        work = self.answering.answer(gap, SETTINGS, self.ask, at_once=at_once, on_growth=on_growth)
        return asyncio.ensure_future(work)

    async def says(self, *words: Piece | Done | Exception, model: int = -1) -> None:
        await settled()
        for word in words:
            self.models[model].words.put_nowait(word)
            await settled()


def played(test: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        desk = Desk()
        await test(desk)
        await desk.answering.close()
        assert all(model.closed for model in desk.models)
        assert (len(desk.answering), len(desk.answering.parked)) == (0, 0)

    asyncio.run(run())


def text_of(answer: Answer) -> str:
    return answer.suggestion.text if answer.suggestion else ""


def test_the_model_answers_and_who_types_along_needs_it_no_more() -> None:
    async def test(desk: Desk) -> None:
        grown: list[Suggestion] = []
        asked = desk.request(gap_at("x = |"), grown.append)
        await desk.says(Piece("foo"), Piece("(a)"), Done("foo(a)", "line"))
        answer = await asked
        assert (text_of(answer), answer.reason) == ("foo(a)", "line")
        assert answer.usage is not None
        assert [one.text for one in grown] == ["foo", "foo(a)"]
        for place in range(6):
            answer = await desk.request(gap_at(f"x = {'foo(a)'[:place]}|"))
            assert (text_of(answer), answer.reason, answer.usage) == ("foo(a)"[place:], PARKED, None)
        assert len(desk.models) == 1

    played(test)


def test_who_types_along_while_it_writes_comes_back_to_the_same_answer() -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("x = |"))
        await desk.says(Piece("foo"))
        asked.cancel()  # a newer request takes its place
        desk.answering.follow("u", [typed("f", 0, 4)])
        second = desk.request(gap_at("x = f|"))
        await desk.says(Piece("(a)"), Done("foo(a)", "line"))
        assert text_of(await second) == "oo(a)"
        assert len(desk.models) == 1

    played(test)


@pytest.mark.parametrize("edit", [typed("g", 0, 4), typed("f", 0, 0), Edit("all")])
def test_an_edit_that_goes_another_way_stops_the_model(edit: Edit) -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("x = |"))
        await desk.says(Piece("foo"))
        asked.cancel()
        desk.answering.follow("u", [edit])
        await settled()
        assert desk.models[0].closed
        assert "u" not in desk.answering

    played(test)


def test_an_answer_that_turns_out_to_go_another_way_is_asked_for_anew() -> None:
    async def test(desk: Desk) -> None:
        first = desk.request(gap_at("x = |"))
        await desk.says(Piece("foo"))
        first.cancel()
        second = desk.request(gap_at("x = foot|"))
        await desk.says(Piece("(a)"))
        assert desk.models[0].closed
        await desk.says(Done("er", "line"))
        assert text_of(await second) == "er"
        assert len(desk.models) == 2

    played(test)


def test_a_request_elsewhere_in_the_document_stops_the_model() -> None:
    async def test(desk: Desk) -> None:
        first = desk.request(gap_at("x = |\ny = "))
        await desk.says(Piece("foo"))
        first.cancel()
        second = desk.request(gap_at("x = \ny = |"))
        await desk.says(Done("1", "line"))
        assert text_of(await second) == "1"
        assert desk.models[0].closed

    played(test)


def test_whole_lines_are_shown_early_and_the_rest_when_it_is_there() -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("def f():|"))
        await desk.says(Piece("\n    a = 1\n    b"))
        await desk.time.pass_time(SETTINGS.early_answer_ms / 1000 - 0.01)
        assert not asked.done()
        await desk.time.pass_time(0.01)
        answer = await asked
        assert (text_of(answer), answer.reason, answer.usage) == ("\n    a = 1", EARLY, None)
        await desk.says(Piece(" = 2"), Done("\n    a = 1\n    b = 2", "block"))
        assert text_of(await desk.request(gap_at("def f():\n    a|"))) == " = 1\n    b = 2"
        assert len(desk.models) == 1

    played(test)


def test_half_a_line_is_never_early() -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("x = |"))
        await desk.says(Piece("foo"))
        await desk.time.pass_time(60)
        assert not asked.done()
        await desk.says(Done("foo", "line"))
        assert text_of(await asked) == "foo"

    played(test)


def test_a_burst_of_keys_is_waited_out_unless_the_user_asks() -> None:
    async def test(desk: Desk) -> None:
        requests = []
        for size in range(30):
            desk.answering.follow("u", [typed("z", 0, size)])
            for request in requests:
                request.cancel()
            requests.append(desk.request(gap_at(f"{'z' * (size + 1)}|")))
            await desk.time.pass_time(0.033)
        assert len(desk.models) == 1  # the first key comes after a pause
        await desk.time.pass_time(0.033)
        assert len(desk.models) == 2
        await desk.says(Done("!", "line"))
        assert text_of(await requests[-1]) == "!"
        desk.answering.follow("u", [typed("z", 0, 30)])
        desk.answering.follow("u", [typed("z", 0, 31)])
        asked = desk.request(gap_at(f"{'z' * 32}|"), at_once=True)
        await desk.says(Done("?", "line"))
        assert text_of(await asked) == "?"

    played(test)


def test_a_failure_is_the_callers_and_nothing_is_parked() -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("x = |"))
        await desk.says(Piece("a"), BackendUnavailable("away"))
        with pytest.raises(BackendUnavailable, match="away"):
            await asked
        assert (len(desk.answering), len(desk.answering.parked)) == (0, 0)

    played(test)


@pytest.mark.parametrize("reason", ["cancelled", "superseded"])
def test_what_the_model_itself_stopped_is_not_parked(reason: str) -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("x = |"))
        await desk.says(Done("", reason))
        answer = await asked
        assert (answer.suggestion, answer.reason) == (None, reason)
        assert len(desk.answering.parked) == 0

    played(test)


def accepted(text: str, shown: Suggestion) -> Gap:
    return gap_at(text.replace("|", f"{shown.text}|"))


def test_what_is_written_ahead_is_there_when_the_suggestion_is_accepted() -> None:
    async def test(desk: Desk) -> None:
        start, shown = gap_at("x = |"), Suggestion("foo", 0, 4, 4)
        behind = accepted("x = |", shown)
        await desk.answering.write_ahead(start, shown, behind, SETTINGS, desk.ask)
        await desk.says(Piece("\ny"))
        # Accepted while it is being written.
        desk.answering.follow("u", [typed("foo", 0, 4)])
        asked = desk.request(behind)
        await desk.says(Piece(" = 2"), Done("\ny = 2", "line"))
        assert text_of(await asked) == "\ny = 2"
        assert text_of(await desk.request(gap_at("x = foo\ny|"))) == " = 2"
        # It is known now, and is not written again.
        await desk.answering.write_ahead(start, shown, behind, SETTINGS, desk.ask)
        assert len(desk.models) == 1

    played(test)


def test_what_is_written_ahead_gives_way_to_a_request_for_something_else() -> None:
    async def test(desk: Desk) -> None:
        start, shown = gap_at("x = |"), Suggestion("foo", 0, 4, 4)
        await desk.answering.write_ahead(start, shown, accepted("x = |", shown), SETTINGS, desk.ask)
        await desk.says(Piece("\ny"))
        desk.answering.follow("u", [typed("g", 0, 4)])
        asked = desk.request(gap_at("x = g|"))
        await desk.says(Done("h", "line"))
        assert text_of(await asked) == "h"
        assert desk.models[0].closed

    played(test)


def test_forgetting_stops_and_drops_all_of_a_document() -> None:
    async def test(desk: Desk) -> None:
        asked = desk.request(gap_at("x = |"))
        await desk.says(Done("a", "line"))
        await asked
        asked = desk.request(gap_at("y = |"))
        await settled()
        asked.cancel()
        desk.answering.forget("u")
        await settled()
        assert desk.models[1].closed
        assert (len(desk.answering), len(desk.answering.parked)) == (0, 0)

    played(test)

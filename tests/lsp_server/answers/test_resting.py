"""What the model does while the cursor rests: driven with time that passes when the test says so."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mellum_ls.lsp_server.answers.warming import PAUSE_SECONDS, QUIET_SECONDS
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.sleeper import Sleeper, settled

URI = "file:///a.py"
OTHER = "file:///b.py"
TEXT = "x = 1\ny = 2\n"
FIRST, SECOND = Place(0, 5), Place(1, 5)
Test = Callable[[Session, ScriptedBackend, Sleeper], Awaitable[None]]


def with_session(test: Test, backend: ScriptedBackend | None = None) -> None:
    async def run() -> None:
        time, model = Sleeper(), backend or ScriptedBackend("1")
        session = Session(lambda _: model, sleep=time.sleep, clock=lambda: time.now)
        for uri in (URI, OTHER):
            session.documents.open(uri, "python", 1, TEXT)
        await test(session, model, time)
        await session.close()
        assert time.waiting == 0

    asyncio.run(run())


def test_a_cursor_that_comes_from_rest_is_read_ahead_at_once_and_once() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.move(URI, SECOND)
        await settled()
        assert [query.prefix for query in backend.prefilled] == ["x = 1\ny = 2"]
        await time.pass_time(60)
        # The same place again has been read already.
        session.move(URI, SECOND)
        await time.pass_time(60)
        assert len(backend.prefilled) == 1
        assert (await session.report())["warmUps"] == 1
        assert backend.asked == []

    with_session(test)


def test_a_cursor_on_its_way_is_read_ahead_where_it_comes_to_rest() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        await under_way(session, backend)
        for place in (FIRST, SECOND, FIRST, SECOND):
            session.move(URI, place)
            await time.pass_time(QUIET_SECONDS - 0.001)
            assert backend.prefilled == []
        await time.pass_time(0.001)
        assert [query.prefix for query in backend.prefilled] == ["x = 1\ny = 2"]

    with_session(test)


async def under_way(session: Session, backend: ScriptedBackend) -> None:
    """The cursor has left where it was, so that for a while it counts as going on."""
    session.move(URI, FIRST)
    await settled()
    backend.prefilled.clear()
    backend.prefills_cancelled = 0


def test_what_is_read_ahead_is_what_a_request_there_asks() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.move(URI, SECOND)
        await time.pass_time(1)
        await session.suggest(URI, SECOND)
        assert backend.prefilled == backend.asked

    with_session(test)


def test_a_selection_is_read_ahead_as_what_its_replacement_asks() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.move(URI, FIRST, SECOND)
        await time.pass_time(1)
        document = session.documents.get(URI)
        assert document is not None
        assert document.text == TEXT, "nothing is changed by looking ahead"
        session.documents.change(URI, 2, [Edit("", FIRST, SECOND)])
        session.change(URI)
        await session.suggest(URI, FIRST)
        assert backend.prefilled == backend.asked
        assert backend.asked[0].prefix + backend.asked[0].suffix == "x = 1\n"

    with_session(test)


def test_after_an_answer_there_is_nothing_to_read_ahead() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        await session.suggest(URI, SECOND)
        await time.pass_time(60)
        session.move(URI, SECOND)
        await time.pass_time(60)
        assert backend.prefilled == []

    with_session(test)


Disturbance = Callable[[Session], object]
DISTURBANCES: dict[str, Disturbance] = {
    "a change": lambda session: session.change(URI),
    "another place": lambda session: session.move(URI, FIRST),
    "another document": lambda session: session.move(OTHER, FIRST),
    "a selection": lambda session: session.move(URI, FIRST, SECOND),
    "a request": lambda session: asyncio.ensure_future(session.suggest(URI, SECOND)),
    "a request elsewhere": lambda session: asyncio.ensure_future(session.suggest(OTHER, SECOND)),
    "other settings": lambda session: session.configure("test", {"warmUp": False}),
}


@pytest.mark.parametrize("disturb", DISTURBANCES.values(), ids=DISTURBANCES.keys())
def test_what_waits_for_quiet_is_put_off_by_a_disturbance(disturb: Disturbance) -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        await under_way(session, backend)
        session.move(URI, SECOND)
        await time.pass_time(QUIET_SECONDS / 2)
        disturbing = disturb(session)
        await time.pass_time(QUIET_SECONDS * 0.9)
        assert backend.prefilled == []
        del disturbing

    with_session(test)


@pytest.mark.parametrize("disturb", DISTURBANCES.values(), ids=DISTURBANCES.keys())
def test_what_is_being_read_is_broken_off_by_a_disturbance(disturb: Disturbance) -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.move(URI, SECOND)
        await time.pass_time(QUIET_SECONDS)
        assert len(backend.prefilled) == 1
        disturbing = disturb(session)
        await settled()
        assert backend.prefills_cancelled == 1
        assert (await session.report())["warmUps"] == 0
        del disturbing

    with_session(test, ScriptedBackend("1", gate=asyncio.Event()))


def test_a_change_of_another_document_disturbs_nothing() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        await under_way(session, backend)
        session.move(URI, SECOND)
        session.change(OTHER)
        await time.pass_time(QUIET_SECONDS)
        assert len(backend.prefilled) == 1

    with_session(test)


def test_nothing_is_read_ahead_while_a_request_of_the_document_is_under_way() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        asking = asyncio.ensure_future(session.suggest(URI, SECOND))
        await backend.started.get()
        # Editors tell of the cursor's move after the request for the key that moved it.
        session.move(URI, FIRST)
        await time.pass_time(60)
        assert backend.prefilled == []
        assert backend.gate is not None
        backend.gate.set()
        assert await asking is not None

    with_session(test, ScriptedBackend("1", gate=asyncio.Event()))


@pytest.mark.parametrize("settings", [{"warmUp": False}, {"enable": False}])
def test_it_can_be_switched_off(settings: dict[str, object]) -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.configure("test", settings)
        session.move(URI, SECOND)
        await time.pass_time(60)
        assert backend.prefilled == []

    with_session(test)


def test_closed_and_unknown_documents_are_not_read() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.move("file:///unknown.py", SECOND)
        await time.pass_time(60)
        session.move(URI, SECOND)
        session.documents.close(URI)
        await time.pass_time(60)
        assert backend.prefilled == []

    with_session(test)


def test_a_model_that_is_away_is_no_failure_and_is_tried_again_at_the_next_rest() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.move(URI, SECOND)
        await time.pass_time(QUIET_SECONDS)
        assert len(backend.prefilled) == 1
        assert (await session.report())["warmUps"] == 0
        assert session.health.last_error == ""
        backend.error = ""
        session.move(URI, SECOND)
        await time.pass_time(QUIET_SECONDS)
        assert (await session.report())["warmUps"] == 1

    with_session(test, ScriptedBackend(error="away"))


def test_what_the_model_broke_off_is_read_again() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        for _ in range(2):
            session.move(URI, SECOND)
            await time.pass_time(QUIET_SECONDS)
        assert len(backend.prefilled) == 2
        assert (await session.report())["warmUps"] == 0

    with_session(test, ScriptedBackend(reason="superseded"))


def test_a_late_answer_does_not_take_the_time_of_where_the_cursor_is_now() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        asking = asyncio.ensure_future(session.suggest(URI, SECOND))
        await backend.started.get()
        session.move(OTHER, FIRST)
        assert backend.gate is not None
        backend.gate.set()
        assert await asking is not None
        await time.pass_time(QUIET_SECONDS)
        assert [query.session for query in backend.prefilled] == [OTHER]

    with_session(test, ScriptedBackend("1", gate=asyncio.Event()))


def test_another_model_has_read_nothing_yet() -> None:
    async def run() -> None:
        time, models = Sleeper(), [ScriptedBackend("1"), ScriptedBackend("1")]
        remaining = iter(models)
        session = Session(lambda _: next(remaining), sleep=time.sleep)
        session.documents.open(URI, "python", 1, TEXT)
        for settings in ({}, {"model": "/m"}):
            session.configure("test", settings)
            session.move(URI, SECOND)
            await time.pass_time(QUIET_SECONDS)
        assert [len(model.prefilled) for model in models] == [1, 1]
        await session.close()

    asyncio.run(run())


@pytest.mark.parametrize("warm_up", [True, False])
def test_pinned_files_are_renewed_at_a_pause_and_not_between_keys(tmp_path: Path, warm_up: bool) -> None:
    async def run() -> None:
        pinned = tmp_path / "b.py"
        pinned.write_text("b = 1\n")
        time, backend = Sleeper(), ScriptedBackend("1")
        session = Session(lambda _: backend, sleep=time.sleep)
        session.roots = (tmp_path.as_uri(),)
        session.configure("test", {"pinnedFiles": ["b.py"], "warmUp": warm_up})
        uri = f"{tmp_path.as_uri()}/a.py"
        session.documents.open(uri, "python", 1, "x = ")
        await session.suggest(uri, Place(0, 4))
        pinned.write_text("b = 2\n")
        for version in range(5):  # keys with less than a pause between them
            await time.pass_time(PAUSE_SECONDS - 0.1)
            session.change(uri)
            session.documents.change(uri, version, [Edit("y", Place(0, 4 + version), Place(0, 4 + version))])
            await session.suggest(uri, Place(0, 5 + version))
        assert {query.context for query in backend.asked} == {(("b.py", "b = 1\n"),)}
        assert backend.prefilled == []
        await time.pass_time(PAUSE_SECONDS)
        while session.resting.active:
            await asyncio.sleep(0)
        # What changed is read ahead, so that the next key does not have to wait for it.
        assert [query.context for query in backend.prefilled] == ([(("b.py", "b = 2\n"),)] if warm_up else [])
        await session.suggest(uri, Place(0, 9))
        assert backend.asked[-1].context == (("b.py", "b = 2\n"),)
        await session.close()

    asyncio.run(run())


def accept(session: Session, text: str, place: Place) -> Place:
    """Put `text` into the document as a client does that accepts it; where the cursor is then."""
    session.edit(URI, 2, [Edit(text, place, place)])
    return Place(place.line, place.character + len(text))


def test_what_follows_a_suggestion_is_written_while_it_is_looked_at() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        assert await session.suggest(URI, SECOND) is not None
        await time.pass_time(QUIET_SECONDS - 0.001)
        assert backend.asked_ahead == []
        await time.pass_time(0.001)
        assert [query.prefix for query in backend.asked_ahead] == ["x = 1\ny = 21"]
        place = accept(session, "1", SECOND)
        following = await session.suggest(URI, place)
        assert following is not None
        assert following.text == "1"
        assert len(backend.asked) == 1
        # And so it goes on, behind what was known.
        await time.pass_time(QUIET_SECONDS)
        assert [query.prefix for query in backend.asked_ahead[1:]] == ["x = 1\ny = 211"]

    with_session(test)


def test_nothing_is_written_ahead_where_it_is_not_wanted() -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        session.configure("test", {"writeAhead": False})
        assert await session.suggest(URI, SECOND) is not None
        await time.pass_time(60)
        assert backend.asked_ahead == []
        session.configure("test", {})
        backend.script = lambda _: ""
        assert await session.suggest(URI, FIRST) is None
        await time.pass_time(60)
        assert backend.asked_ahead == []

    with_session(test)


@pytest.mark.parametrize("disturb", DISTURBANCES.values(), ids=DISTURBANCES)
def test_whatever_disturbs_comes_before_writing_ahead(disturb: Disturbance) -> None:
    async def test(session: Session, backend: ScriptedBackend, time: Sleeper) -> None:
        assert await session.suggest(URI, SECOND) is not None
        await time.pass_time(QUIET_SECONDS / 2)
        backend.script = lambda _: ""
        disturb(session)
        await time.pass_time(QUIET_SECONDS / 2)
        assert backend.asked_ahead == []

    with_session(test)

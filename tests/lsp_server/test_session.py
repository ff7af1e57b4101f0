import asyncio
import logging
from pathlib import Path

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.sleeper import Sleeper, settled

URI = "file:///a.py"
START = Place(0, 4)


def session_over(backend: ScriptedBackend) -> Session:
    session = Session(lambda _: backend)
    session.documents.open(URI, "python", 1, "x = ")
    return session


def test_a_suggestion_leaves_no_reason_for_silence() -> None:
    async def run() -> None:
        session = session_over(ScriptedBackend("1"))
        assert await session.suggest(URI, START) == Suggestion("1", 0, 4, 4)
        assert session.silence == ""

    asyncio.run(run())


def test_silence_has_a_reason_and_costs_no_model() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        session = session_over(backend)
        assert await session.suggest("file:///other", START) is None
        assert session.silence == "the document is not open"
        session.configure("test", {"enable": False})
        session.warm()
        assert await session.suggest(URI, START) is None
        assert session.silence == "completions are switched off"
        assert (await session.report())["state"] == "disabled"
        assert (backend.asked, backend.warmed) == ([], 0)

    asyncio.run(run())


def test_an_unavailable_model_is_silence_and_told_by_the_report() -> None:
    async def run() -> None:
        backend = ScriptedBackend(error="no model there")
        session = session_over(backend)
        assert await session.suggest(URI, START) is None
        report = await session.report()
        assert (report["state"], report["reason"]) == ("failed", "the model is not available")
        assert report["lastError"] == "no model there"
        backend.error, backend.script = "", lambda _: "1"
        assert await session.suggest(URI, START) is not None
        assert (await session.report())["lastError"] == ""

    asyncio.run(run())


def test_the_same_failure_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        session = session_over(ScriptedBackend(error="no model there"))
        for _ in range(3):
            await session.suggest(URI, START)

    asyncio.run(run())
    assert caplog.text.count("no model there") == 1


def test_a_change_ends_what_is_computed_and_stops_the_model() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1 2", gate=asyncio.Event())
        session = session_over(backend)
        asking = asyncio.ensure_future(session.suggest(URI, START))
        await backend.started.get()
        session.change(URI)
        session.documents.change(URI, 2, [Edit("y", Place(0, 4), Place(0, 4))])
        assert await asking is None
        await session.close()
        assert backend.cancelled == 1

    asyncio.run(run())


def test_an_answer_for_an_older_text_is_dropped() -> None:
    async def run() -> None:
        gate = asyncio.Event()
        backend = ScriptedBackend("1 2", gate=gate)
        session = session_over(backend)
        asking = asyncio.ensure_future(session.suggest(URI, START))
        await backend.started.get()
        # Only the store hears of the change here, so the answer comes and must be found stale.
        session.documents.change(URI, 2, [Edit("y", Place(0, 0), Place(0, 0))])
        gate.set()
        assert await asking is None
        assert session.silence == "the document has moved on"

    asyncio.run(run())


def test_a_newer_request_of_a_document_ends_the_older_and_other_documents_go_on() -> None:
    async def run() -> None:
        gate = asyncio.Event()
        backend = ScriptedBackend("1", gate=gate)
        session = session_over(backend)
        session.documents.open("file:///b.py", "python", 1, "y = ")
        asking = []
        for uri, place in ((URI, START), ("file:///b.py", START), (URI, Place(0, 0))):
            asking.append(asyncio.ensure_future(session.suggest(uri, place)))
            await backend.started.get()
        assert await asking[0] is None
        gate.set()
        assert await asking[1] is not None
        assert await asking[2] is not None

    asyncio.run(run())


def test_settings_come_in_layers_and_problems_are_told_once() -> None:
    session = Session(lambda _: ScriptedBackend())
    assert session.configure("options", {"maxTokens": 10, "nope": 1}) == ("unknown setting nope",)
    assert session.configure("pushed", {"mellum": {"maxLines": 2, "nope": 1}}) == ()
    assert (session.settings.max_tokens, session.settings.max_lines) == (10, 2)
    session.configure("pushed", {"maxTokens": 20})
    assert (session.settings.max_tokens, session.settings.max_lines) == (20, 16)


def test_a_changed_model_is_another_backend() -> None:
    async def run() -> None:
        made: list[tuple[str, ScriptedBackend]] = []

        def make(model: str) -> ScriptedBackend:
            made.append((model, ScriptedBackend("1")))
            return made[-1][1]

        session = Session(make)
        assert session.asking.backend(session.model) is session.asking.backend(session.model)
        session.configure("pushed", {"model": "/m"})
        assert session.asking.backend(session.model) is made[1][1]
        await asyncio.sleep(0)
        assert [model for model, _ in made] == ["", "/m"]
        assert made[0][1].closed
        fixed = Session(make, model="/command-line")
        fixed.configure("pushed", {"model": "/m"})
        fixed.asking.backend(fixed.model)
        assert made[-1][0] == "/command-line"

    asyncio.run(run())


def test_close_does_not_wait_for_a_backend_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(ScriptedBackend):
        async def close(self) -> None:
            await asyncio.Event().wait()

    async def run() -> None:
        session = session_over(Hanging("1"))
        await session.suggest(URI, START)
        await asyncio.wait_for(session.close(), 30)

    monkeypatch.setattr("mellum_ls.lsp_server.session._CLOSE_SECONDS", 0.01)
    asyncio.run(run())


def test_each_folder_has_its_own_settings() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        session = Session(lambda _: backend)
        session.roots = ("file:///a", "file:///a/b")
        session.configure("pulled", {"maxTokens": 5}, {"file:///a": {"enable": False}, "file:///a/b": {"maxTokens": 9}})
        for uri in ("file:///a/x.py", "file:///a/b/x.py", "file:///c/x.py"):
            session.documents.open(uri, "python", 1, "x = ")
            await session.suggest(uri, START)
        assert [query.max_tokens for query in backend.asked] == [9, 5]
        assert session.enabled
        session.roots = ("file:///a",)
        assert not session.enabled
        assert (await session.report())["state"] == "disabled"
        await session.close()

    asyncio.run(run())


def test_one_line_is_asked_for_where_several_are_never_wanted() -> None:
    async def run() -> None:
        backend = ScriptedBackend("return 1\n    return 2")
        session = Session(lambda _: backend)
        session.documents.open(URI, "python", 1, "def f():\n    ")
        for settings, stop, text in (
            ({}, "block", "return 1\n    return 2"),
            ({"multiline": "never"}, "line", "return 1"),
        ):
            session.configure("test", settings)
            suggestion = await session.suggest(URI, Place(1, 4))
            assert suggestion is not None
            assert (backend.asked[-1].stop, suggestion.text) == (stop, text)
        await session.close()

    asyncio.run(run())


def test_the_user_is_told_of_the_model_its_failure_and_its_return() -> None:
    async def run() -> None:
        told: list[tuple[str, int]] = []
        backend = ScriptedBackend("1", error="no model there")
        session = session_over(backend)
        session.health.tell = lambda message, level: told.append((message, level))
        for backend.error in ("no model there", "no model there", "", ""):
            await session.suggest(URI, START)
        assert told == [
            ("the model is the default one", logging.INFO),
            ("no completions: no model there", logging.WARNING),
            ("completions are back", logging.INFO),
        ]

    asyncio.run(run())


def test_the_report_counts_how_requests_ended_and_says_what_the_last_one_cost() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        session = session_over(backend)
        await session.suggest(URI, START)
        report = await session.report()
        figures = {"promptTokens": 4, "computedTokens": 4, "generatedTokens": 1, "firstTokenMs": 1.5, "totalMs": 2.5}
        assert report["lastRequest"] == {**figures, "reason": "stop"}
        backend.script = lambda _: ""
        session.change(URI)
        await session.suggest(URI, START)
        session.change(URI)
        backend.script, backend.gate = lambda _: "1 2", asyncio.Event()
        for _ in range(2):
            asking = asyncio.ensure_future(session.suggest(URI, START))
            await backend.started.get()
            await settled()
            session.change(URI)
            await asking
        asking = asyncio.ensure_future(session.suggest(URI, START))
        await settled()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        backend.error = "away"
        await session.suggest(URI, START)
        report = await session.report()
        counts = ("requests", "answered", "empty", "superseded", "cancelled", "failed")
        assert [report[name] for name in counts] == [6, 1, 1, 2, 1, 1]
        assert report["lastRequest"] == {**dict.fromkeys(figures, None), "reason": "failed"}
        await session.close()

    asyncio.run(run())


@pytest.mark.parametrize("reason", ["cancelled", "superseded"])
def test_what_the_model_itself_stopped_is_no_answer(reason: str) -> None:
    async def run() -> None:
        session = session_over(ScriptedBackend("", reason=reason))
        assert await session.suggest(URI, START) is None
        report = await session.report()
        assert (report["superseded"], report["empty"]) == (1, 0)

    asyncio.run(run())


def test_pinned_files_stand_in_the_query_and_what_is_missing_in_the_report(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "b.py").write_text("b = 1\n")
        time, backend = Sleeper(), ScriptedBackend("1")
        session = Session(lambda _: backend, sleep=time.sleep)
        session.roots = (tmp_path.as_uri(),)
        session.configure("test", {"pinnedFiles": ["b.py", ".env", "gone.py"]})
        uri = f"{tmp_path.as_uri()}/a.py"
        session.documents.open(uri, "python", 1, "x = ")
        await session.suggest(uri, START)
        assert backend.asked[-1].context == (("b.py", "b = 1\n"),)
        assert (await session.report())["pinned"] == {
            "files": [{"path": "b.py", "chars": 6}],
            "problems": [
                ".env: there is no such file in the workspace",
                "gone.py: there is no such file in the workspace",
            ],
        }
        await session.close()

    asyncio.run(run())


def test_each_of_several_suggestions_counts_as_asked() -> None:
    async def run() -> None:
        session = session_over(ScriptedBackend(lambda query: str(query.rank)))
        assert len(await session.suggest_several(URI, START)) == 3
        assert (await session.report())["modelRuns"] == 3

    asyncio.run(run())


def test_a_request_that_the_typing_has_left_behind_while_it_waited_is_not_put_to_the_model(tmp_path: Path) -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        session = Session(lambda _: backend)
        session.roots, uri = (tmp_path.as_uri(),), (tmp_path / "a.py").as_uri()
        session.open(uri, "python", 1, "x = ")
        waiting = asyncio.ensure_future(session.suggest(uri, START))
        await asyncio.sleep(0)
        session.edit(uri, 2, [Edit("2", START, START)])
        assert await waiting is None
        assert session.silence == "the document has moved on"
        assert backend.asked == []
        await session.close()

    asyncio.run(run())

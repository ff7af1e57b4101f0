import asyncio

import pytest

from mellum_ls.lsp_server.completer import Suggestion
from mellum_ls.lsp_server.documents import Edit, Place
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend

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
        for uri in (URI, "file:///b.py", URI):
            asking.append(asyncio.ensure_future(session.suggest(uri, START)))
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
        assert session.backend() is session.backend()
        session.configure("pushed", {"model": "/m"})
        assert session.backend() is made[1][1]
        await asyncio.sleep(0)
        assert [model for model, _ in made] == ["", "/m"]
        assert made[0][1].closed
        fixed = Session(make, model="/command-line")
        fixed.configure("pushed", {"model": "/m"})
        fixed.backend()
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

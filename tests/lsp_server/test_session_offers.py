"""The session and what becomes of its suggestions; its other sides are in test_session.py."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.model.backend import BackendUnavailable
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend

URI = "file:///secret-name.py"
START = Place(0, 4)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def session_over(backend: ScriptedBackend, clock: Clock | None = None) -> Session:
    session = Session(lambda _: backend, clock=clock or Clock())
    session.documents.open(URI, "python", 1, "x = ")
    return session


async def offered(session: Session) -> str:
    suggestion = await session.suggest(URI, START)
    assert suggestion is not None
    [offer] = session.offer(URI, [suggestion])
    return offer.id


def counts(report: dict[str, object]) -> dict[str, object]:
    metrics = report["metrics"]
    assert isinstance(metrics, dict)
    found: dict[str, object] = metrics["languages"]["python"]
    return found


def test_the_report_counts_what_became_of_suggestions_and_how_long_they_took() -> None:
    async def run() -> None:
        clock = Clock()

        def script(_: object) -> str:
            clock.now += 0.25
            return "1 + 2"

        session = session_over(ScriptedBackend(script), clock)
        first = await offered(session)
        session.offers.shown(first)
        session.offers.partially_accepted(first, 1)
        session.offers.accepted(first)
        found = counts(await session.report())
        told = [found[name] for name in ("offered", "shown", "partiallyAccepted", "accepted", "rejected")]
        assert told == [1, 1, 1, 1, 0]
        whole, sooner = found["wholeAnswerMs"], found["firstTextMs"]
        assert isinstance(whole, dict)
        assert isinstance(sooner, dict)
        assert (whole["count"], whole["sumMs"], sooner["sumMs"]) == (1, 250.0, 249.0)
        assert (await session.report())["status"] == {"busy": False, "kind": "Normal", "message": ""}

    asyncio.run(run())


def test_a_request_that_gets_nothing_rejects_what_was_shown_but_a_failure_does_not() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        session = session_over(backend)
        await offered(session)
        backend.error = "away"
        session.answering.forget()
        assert await session.suggest(URI, START) is None
        assert counts(await session.report())["rejected"] == 0
        backend.error, backend.script = "", lambda _: ""
        assert await session.suggest(URI, START) is None
        assert counts(await session.report())["rejected"] == 1

    asyncio.run(run())


def test_a_document_that_is_not_open_is_offered_nothing() -> None:
    session = session_over(ScriptedBackend())
    assert session.offer("file:///other", [Suggestion("1", 0, 0, 0)]) == []


def test_the_metrics_file_gets_events_without_text_or_names(tmp_path: Path) -> None:
    async def run() -> None:
        session = session_over(ScriptedBackend("secret_word"))
        session.configure("options", {"metricsFile": str(tmp_path / "events")})
        session.offers.accepted(await offered(session))
        session.documents.change(URI, 2, [Edit("y", START, START)])
        session.offers.settle(session.documents.open(URI, "python", 1, ""))
        await session.close()

    asyncio.run(run())
    text = (tmp_path / "events").read_text()
    assert [json.loads(line)["event"] for line in text.splitlines()] == ["answered", "offered", "shown", "accepted"]
    assert "secret" not in text


def test_a_metrics_file_that_cannot_be_written_costs_no_suggestion(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        session = session_over(ScriptedBackend("1"))
        session.configure("options", {"metricsFile": str(tmp_path)})
        for _ in range(5):
            await offered(session)
        await session.close()

    asyncio.run(run())
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == [
        "mellum_ls.lsp_server.reports.event_file"
    ]


def test_a_failure_with_one_cause_is_logged_once_however_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    class Counting(ScriptedBackend):
        async def complete(self, query: object, *, ahead: bool = False):  # type: ignore[no-untyped-def,override]
            self.asked.append(query)  # type: ignore[arg-type]
            raise BackendUnavailable(f"gone (try {len(self.asked)})", passing=True, cause="gone")
            yield

    async def run() -> None:
        session = session_over(Counting())
        for _ in range(3):
            await session.suggest(URI, START)
        assert session.health.last_error == "gone (try 3)"
        assert (session.standing.status.kind, session.standing.status.message) == ("Warning", "gone")

    asyncio.run(run())
    assert caplog.text.count("gone") == 1

"""What a session keeps back from models, from logs and from reports."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.notebooks import Cell
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.sleeper import Sleeper, settled

URI = "file:///a.py"
START = Place(0, 4)


@pytest.mark.parametrize(
    ("settings", "text", "reason"),
    [
        ({"disabledLanguages": ["markdown", "python"]}, "x = ", "completions are switched off for python"),
        ({"maxFileChars": 3}, "x = ", "the document has 4 characters, and maxFileChars is 3"),
        ({}, "x = " + "a" * 5_000, "the line has 5004 characters, more than 5000"),
        ({}, f"x = {'a' * 4_000}\n" * 50, "the document looks minified: 3926 characters a line"),
    ],
)
def test_documents_without_completions_say_why_and_cost_no_model(settings: object, text: str, reason: str) -> None:
    async def run() -> None:
        time, backend = Sleeper(), ScriptedBackend("1")
        session = Session(lambda _: backend, sleep=time.sleep)
        session.configure("test", settings)
        session.documents.open(URI, "python", 1, text)
        assert await session.suggest(URI, START) is None
        assert session.silence == reason
        session.move(URI, START)
        await time.pass_time(10)
        assert (backend.asked, len(backend.prefilled)) == ([], int("the line" in reason))
        # All of it is live.
        session.configure("test", {})
        session.documents.change(URI, 2, [Edit("x = ")])
        assert await session.suggest(URI, START) is not None
        await session.close()

    asyncio.run(run())


def test_the_cells_of_a_secret_notebook_are_kept_back_whatever_they_are_called() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1")
        session = Session(lambda _: backend)
        session.documents.open("cell:1", "python", 1, "x = ")
        session.notebooks.open("file:///home/u/.ssh/n.ipynb", [Cell("cell:1", True)])
        assert await session.suggest("cell:1", START) is None
        assert session.silence.startswith("the document is kept back: it ")
        assert backend.asked == []

    asyncio.run(run())


@pytest.mark.parametrize("uri", ["file:///r/.env", "file:///r/server.pem", "file:///home/u/.ssh/config"])
def test_a_secret_document_never_reaches_the_model(uri: str) -> None:
    async def run() -> None:
        time, backend = Sleeper(), ScriptedBackend("1")
        session = Session(lambda _: backend, sleep=time.sleep)
        session.documents.open(uri, "python", 1, "x = ")
        session.move(uri, START)
        await time.pass_time(10)
        assert await session.suggest(uri, START) is None
        assert session.silence.startswith("the document is kept back: it ")
        await time.pass_time(10)
        assert (backend.asked, backend.prefilled) == ([], [])
        assert (await session.report())["empty"] == 1

    asyncio.run(run())


def test_no_text_of_the_user_is_logged_or_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        caplog.set_level(logging.DEBUG)
        (tmp_path / "b.py").write_text("pinned_text\n")
        time, backend = Sleeper(), ScriptedBackend("suggested_text")
        session = Session(lambda _: backend, sleep=time.sleep)
        session.roots = (tmp_path.as_uri(),)
        session.configure("test", {"pinnedFiles": ["b.py", "gone.py"]})
        session.documents.open(URI, "python", 1, "typed_text = ")
        await session.suggest(URI, Place(0, 13))
        backend.error = "away"
        session.move(URI, Place(0, 0))
        await time.pass_time(10)
        for _ in range(2):
            await backend.prefilling.get()
        await session.suggest(URI, Place(0, 12))
        assert "_text" not in str(await session.report())
        await session.close()

    asyncio.run(run())
    assert "gone.py" in caplog.text
    assert "_text" not in caplog.text


def test_an_open_document_reaches_no_model_before_its_folder_is_judged_and_then_as_it_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def asked_of_git(folder: Path) -> Path | None:
        assert go_on.wait(60)
        return None

    monkeypatch.setattr("mellum_ls.context.privacy.ignore.global_excludes", asked_of_git)

    async def run() -> None:
        (tmp_path / ".gitignore").write_text("ignored.py\n")
        backend = ScriptedBackend("1")
        session = Session(lambda _: backend)
        session.roots = (tmp_path.as_uri(),)
        seen, ignored = ((tmp_path / name).as_uri() for name in ("seen.py", "ignored.py"))
        for uri in (seen, ignored):
            session.open(uri, "python", 1, "x = ")
            session.focus(uri)
        assert "before the ignore files" in session.standing.status.message
        waiting = [asyncio.ensure_future(session.suggest(uri, START)) for uri in (seen, ignored)]
        await settled()
        assert session.quiet(seen) is None
        assert backend.asked == []
        go_on.set()
        assert await waiting[0] == Suggestion("1", 0, 4, 4)
        assert await waiting[1] is None
        assert session.silence == "the document is kept back: it is ignored by .gitignore"
        assert session.quiet(ignored) is None
        assert [query.path for query in backend.asked] == ["seen.py"]
        await session.close()

    asyncio.run(run())

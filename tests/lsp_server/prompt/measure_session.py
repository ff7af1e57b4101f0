"""What choosing context costs the requests of a whole session: recorded typing, beside any number of other files.

Run it with `python -m tests.lsp_server.prompt.measure_session RECORDING [FOLDER]` from the repository root. The files
of FOLDER stand in the workspace beside the recording's. No model is asked. At a caret that rests the context is chosen
as the server does it then, which no request waits for; what is told is how long each request waited for its context,
in milliseconds, and in brackets the same of the resting carets.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place
from mellum_ls.lsp_server.keystrokes.languages import language_of
from mellum_ls.lsp_server.keystrokes.recording import read_recording
from mellum_ls.lsp_server.keystrokes.replay import REST_SECONDS
from mellum_ls.lsp_server.keystrokes.script import Change, Move, Open, Script
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.settings.fields import Settings
from mellum_ls.runtime.bench.measure import percentile

BEFORE, BEHIND = 64, 20
CONTEXT_CHARS = 26_000


class Session:
    """The documents as they are, and the time of each choice."""

    def __init__(self, repository: Repository, documents: DocumentStore, root: Path) -> None:
        self._repository, self._documents, self._root = repository, documents, root
        self._roots, self._settings = (root.as_uri(),), Settings(context_chars=CONTEXT_CHARS)
        self._texts: dict[str, Utf16Text] = {}
        self.waited: list[float] = []
        self.rested: list[float] = []

    def open(self, path: str, text: str) -> None:
        """Open a document, or replace all of it."""
        self._texts[path] = Utf16Text(text)
        self._documents.open(self._uri(path), language_of(path), 1, text)

    async def change(self, change: Change) -> None:
        """Make an edit, and choose for the request that follows."""
        made = self._texts[change.path].edit(change.replacements)
        edits = [Edit(one["text"], _place(one["range"]["start"]), _place(one["range"]["end"])) for one in made]
        self._documents.change(self._uri(change.path), 2, edits)
        if change.caret is not None:
            await self._choose(change.path, change.caret, self.waited, idle=False)

    async def rest(self, move: Move) -> None:
        """The caret rests where it went."""
        if move.path in self._texts:
            await self._choose(move.path, move.end, self.rested, idle=True)

    async def _choose(self, path: str, caret: int, times: list[float], *, idle: bool) -> None:
        place = _place(self._texts[path].place(caret))
        document = self._documents.get(self._uri(path))
        assert document is not None
        shown = (max(0, place.line - BEFORE), place.line + BEHIND)
        started = time.perf_counter()
        await self._repository.context(document.snapshot(place), shown, self._settings, self._roots, idle=idle)
        times.append(1000 * (time.perf_counter() - started))

    def _uri(self, path: str) -> str:
        return (self._root / path).as_uri()


def _place(raw: dict[str, Any]) -> Place:
    return Place(raw["line"], raw["character"])


def write(script: Script, root: Path, beside: Path | None) -> int:
    """The workspace's files; how many."""
    for path, text in script.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    count = len(script.files)
    for file in sorted(beside.rglob("*")) if beside is not None else ():
        if file.is_file() and not file.is_symlink():
            target = root / "beside" / file.relative_to(beside or root)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
            count += 1
    return count


async def main(recording: Path, beside: Path | None) -> None:
    """Play, measure, tell."""
    script = read_recording(recording)
    with tempfile.TemporaryDirectory(dir=None if beside is None else beside.parent) as place:
        root = Path(place).resolve() / "code"
        root.mkdir()
        count = write(script, root, beside)
        documents, tasks, ready = DocumentStore(), list[asyncio.Task[Any]](), asyncio.Event()

        def in_background(work: Coroutine[Any, Any, None]) -> None:
            tasks.append(asyncio.ensure_future(work))

        repository = Repository(documents, in_background, root.parent / "cache")
        repository.watchers.append(lambda uri, event: ready.set() if event["event"] == "ready" else None)
        session = Session(repository, documents, root)
        repository.begin((root / "any.py").as_uri(), Settings(context_chars=CONTEXT_CHARS), (root.as_uri(),))
        started = time.perf_counter()
        await ready.wait()
        sys.stdout.write(f"{count} files, looked at in {time.perf_counter() - started:.0f} s\n")
        for step in script.steps:
            action = step.action
            if isinstance(action, Open):
                session.open(action.path, action.text)
            elif isinstance(action, Change):
                await session.change(action)
            elif step.pause_s >= REST_SECONDS:
                await session.rest(action)
        await repository.close()
        await asyncio.gather(*tasks)
    for percent in (50, 90, 95, 99, 100):
        waited, rested = percentile(session.waited, percent), percentile(session.rested, percent)
        sys.stdout.write(f"p{percent:<4}{waited or 0:8.1f}   ({rested or 0:.1f})\n")
    sys.stdout.write(f"{len(session.waited)} requests, {len(session.rested)} resting carets\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None))

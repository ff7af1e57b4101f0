"""What the context for a request costs while somebody works: every request of a recording, in a folder of many files.

Run it with `python -m tests.lsp_server.prompt.measure_requests FOLDER RECORDING [TOKENS]` from the repository root.
The files of the recording are put into a copy of FOLDER, which is indexed, and the recording is played through the
repository as the server has it: a caret that rests lets it choose, as reading ahead does, and one that rests for long
lets it choose anew. Told apart are requests at which nothing is due and those that wait for a choice. Times are in
milliseconds; those in brackets are of the processor, all threads.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from mellum_ls.context.index.builder import Builder
from mellum_ls.context.index.store import Store
from mellum_ls.context.index.workspace_index import index_path
from mellum_ls.lsp_server.answers.completer import Gap, query_for
from mellum_ls.lsp_server.answers.warming import PAUSE_SECONDS, QUIET_SECONDS
from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place, Snapshot
from mellum_ls.lsp_server.keystrokes.languages import language_of
from mellum_ls.lsp_server.keystrokes.recording import read_recording
from mellum_ls.lsp_server.keystrokes.script import Change, Move, Open, Script
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text
from mellum_ls.lsp_server.keystrokes.workspace import lay_out
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.settings.fields import Settings

CHARS_PER_TOKEN = 3.2
Row = tuple[float, float]


class Desk:
    """Documents and a repository over one folder, fed with the actions of a script."""

    def __init__(self, root: Path, cache: Path, tokens: int) -> None:
        self.documents = DocumentStore()
        self.tasks: list[asyncio.Task[Any]] = []
        self.repository = Repository(self.documents, self._in_background, cache)
        self.repository.watchers.append(self._heard)
        self.ready = asyncio.Event()
        self.settings = Settings(context_chars=int(tokens * CHARS_PER_TOKEN))
        self._root, self._roots = root, (root.as_uri(),)
        self._texts: dict[str, Utf16Text] = {}
        self._versions: dict[str, int] = {}

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    def _heard(self, _root: str, event: dict[str, Any]) -> None:
        assert event["event"] not in ("failed", "crashed"), event
        if event["event"] == "ready":
            self.ready.set()

    def open(self, action: Open) -> None:
        uri = self._uri(action.path)
        self._texts[uri], self._versions[uri] = Utf16Text(action.text), 1
        self.documents.open(uri, language_of(action.path), 1, action.text)
        self.repository.recently.open(uri)
        self.repository.begin(uri, self.settings, self._roots)

    def change(self, action: Change) -> None:
        uri = self._uri(action.path)
        edits = [_edit(change) for change in self._texts[uri].edit(action.replacements)]
        self._versions[uri] += 1
        self.documents.change(uri, self._versions[uri], edits)
        self.repository.recently.edit(uri, edits)

    def snapshot(self, path: str, caret: int) -> Snapshot:
        uri = self._uri(path)
        document = self.documents.get(uri)
        assert document is not None
        return document.snapshot(Place(**self._texts[uri].place(caret)))

    async def context(self, snapshot: Snapshot, *, idle: bool = False) -> Row:
        """Ask for it; what that took, by the clock and of the processor."""
        query = query_for(Gap.of(snapshot, None), self.settings, self._roots)
        shown = (snapshot.line - query.prefix.count("\n"), snapshot.line + query.suffix.count("\n") + 1)
        clock, processor = time.perf_counter(), time.process_time()
        await self.repository.context(snapshot, shown, self.settings, self._roots, idle=idle)
        return 1e3 * (time.perf_counter() - clock), 1e3 * (time.process_time() - processor)

    def _uri(self, path: str) -> str:
        return (self._root / path).as_uri()


def _edit(change: dict[str, Any]) -> Edit:
    if "range" not in change:
        return Edit(change["text"])
    return Edit(change["text"], Place(**change["range"]["start"]), Place(**change["range"]["end"]))


async def play(script: Script, desk: Desk) -> dict[str, list[Row]]:
    """Play it once the index is there."""
    rows: dict[str, list[Row]] = {"at a key": [], "that waits for a choice": [], "a caret that rests": []}
    began = False
    for step in script.steps:
        action = step.action
        if isinstance(action, Open):
            desk.open(action)
            if not began:
                began = True
                await desk.ready.wait()
        elif isinstance(action, Move):
            if step.pause_s >= QUIET_SECONDS:
                snapshot = desk.snapshot(action.path, max(action.start, action.end))
                rows["a caret that rests"].append(await desk.context(snapshot))
                if step.pause_s >= PAUSE_SECONDS:
                    await desk.context(snapshot, idle=True)
        else:
            desk.change(action)
            if action.caret is not None:
                before = _epoch(desk)
                row = await desk.context(desk.snapshot(action.path, action.caret))
                rows["at a key" if _epoch(desk) is before else "that waits for a choice"].append(row)
    return rows


def _epoch(desk: Desk) -> object:
    """Something else after each choice."""
    return next(folder.chosen for folder in desk.repository._folders.values())


def told(name: str, rows: list[Row]) -> str:
    """Number, median and 95th percentile."""
    if len(rows) < 2:
        return f"{name:<40} {len(rows):5}"
    columns = list(zip(*rows, strict=True))
    middle = [statistics.median(column) for column in columns]
    high = [statistics.quantiles(column, n=20)[-1] for column in columns]
    return (
        f"{name:<40} {len(rows):5}   median {middle[0]:6.2f} ({middle[1]:6.2f})   p95 {high[0]:6.2f} ({high[1]:6.2f})"
    )


async def measure(folder: Path, recording: Path, tokens: int, scratch: Path) -> None:
    """Lay out, index, play, tell."""
    root = scratch / "workspace"
    shutil.copytree(folder, root)
    script = read_recording(recording)
    lay_out(script, root, 0, 0)
    # Built here: the server's own process gives way to everything, which on a busy machine takes very long.
    store = Store.open(index_path(scratch / "cache", root), str(root))
    Builder(root, store).build()
    store.close()
    desk = Desk(root, scratch / "cache", tokens)
    try:
        rows = await play(script, desk)
        [report] = desk.repository.report()
        sys.stdout.write(f"{report['files']} files, {report['symbols']} symbols; context of {tokens} tokens\n")
    finally:
        await desk.repository.close()
        await asyncio.gather(*desk.tasks)
    waited = rows["at a key"] + rows["that waits for a choice"]
    for name, some in ("any request", waited), *((f"a request {key}", rows[key]) for key in list(rows)[:2]):
        sys.stdout.write(told(name, some) + "\n")
    sys.stdout.write(told("a caret that rests", rows["a caret that rests"]) + "\n")


def main() -> None:
    """Read the command line."""
    folder, recording = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    tokens = int(sys.argv[3]) if len(sys.argv) > 3 else 8192
    with tempfile.TemporaryDirectory(prefix="mls-") as scratch:
        asyncio.run(measure(folder, recording, tokens, Path(scratch).resolve()))


if __name__ == "__main__":
    main()

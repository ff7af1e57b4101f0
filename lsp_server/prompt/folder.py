"""One workspace folder as a source of context: its gate, its index, and the engine that chooses from them.

Everything that takes time runs in a thread, one thing after the other; what has been chosen is there at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mellum_ls.context.index.rows import Index
from mellum_ls.context.index.workspace_index import Event, WorkspaceIndex
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.selection.engine import ContextEngine, Selection
from mellum_ls.context.selection.place import OpenFile, Place, Recent
from mellum_ls.context.selection.workspace_source import WorkspaceSource
from mellum_ls.context.workspace.counterparts import counterparts, is_test
from mellum_ls.context.workspace.reading import Text, read
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import resolve


@dataclass(frozen=True, slots=True)
class Asked:
    """All that is known of where the user is."""

    place: Place
    opened: tuple[OpenFile, ...]
    recent: Recent


class Folder:
    """The folder `root`, without what the patterns in `exclude` take out; `on_event` is told how its index grows."""

    def __init__(
        self, root: Path, cache_dir: Path, exclude: tuple[str, ...], chars: int, on_event: Callable[[Event], None]
    ) -> None:
        self.root = root
        self.exclude = exclude
        self._on_event = on_event
        self._index = WorkspaceIndex(root, cache_dir, exclude, self._heard)
        # A gate is for one thread: this one is the engine's.
        self._gate = Gate(root, exclude)
        self._reading_gate = Gate(root, exclude)
        self._source = WorkspaceSource(self._gate)
        # What imports and names mean; the engine's too.
        self._names, self._names_are_old = FileNames(), True
        self._engine = ContextEngine(
            self._index.index,
            self._source,
            chars,
            resolve=lambda statement, path, grammar: resolve(statement, path, grammar, self._names),
            counterparts=lambda path: counterparts(path, self._names),
        )
        self._choosing = asyncio.Lock()
        self._changed: set[str] = set()
        self._was_read = self._moving = False
        self._chars = chars
        self.chosen = self._engine.current()

    @property
    def index(self) -> Index:
        """What is known of the files; may be asked from any thread."""
        return self._index.index

    def read(self, path: str) -> str | None:
        """A file's text without its secrets; None where there is none to be had. For one thread at a time, any."""
        found = read(path, self._reading_gate)
        return found.text if isinstance(found, Text) else None

    async def tests_of(self, path: str) -> list[str]:
        """The files of tests that belong to a file by their names, the likeliest first."""

        def look() -> list[str]:
            # Names of its own: those of the engine are for the engine's thread.
            names = FileNames(self._index.index.paths(), root_name=self.root.name)
            return [found for found in counterparts(path, names) if is_test(found)]

        return await asyncio.to_thread(look)

    async def start(self) -> None:
        """Begin to look at the files of the folder."""
        await self._index.start()

    async def choose(self, path: str, line: int, ask: Callable[[], Asked], *, idle: bool = False) -> Selection:
        """What stands at the head of prompts for that line; looked for when it is another place, or when `idle`.

        `ask` tells more of the place, which costs time.
        """
        place = Place(path, "", line)
        if self._is_due(place) or self._moving or idle or self._changed:
            # A request that is taken back leaves the choice to those after it.
            await asyncio.shield(self._choose(place, ask, idle))
        return self.chosen

    async def _choose(self, place: Place, ask: Callable[[], Asked], idle: bool) -> None:
        async with self._choosing:
            if self._is_due(place) or idle:  # another request may have chosen meanwhile
                # Who comes to the same place now waits for what is chosen there; at a pause nothing is waited for.
                self._moving = not idle
                try:
                    self.chosen = await asyncio.to_thread(self._look, ask(), idle)
                finally:
                    self._moving = False
            elif self._changed:
                self.chosen = await asyncio.to_thread(self._look_again)

    def _is_due(self, place: Place) -> bool:
        # What was chosen from nothing is no reason to wait for the next pause.
        return self._engine.due(place) or (self._was_read and not self.chosen.entries)

    def _heard(self, event: Event) -> None:
        if event["event"] == "ready":
            self._was_read = self._names_are_old = True
        self._on_event(event)

    def _look(self, asked: Asked, idle: bool) -> Selection:
        self._hear()
        self._was_read = False
        if idle or not self.chosen.entries:  # where nothing stands there is nothing to be read again
            self._engine.resize(self._chars)
        return self._engine.select(asked.place, asked.opened, asked.recent, idle=idle)

    def _look_again(self) -> Selection:
        """What was chosen, without what may be seen no longer."""
        self._hear()
        return self._engine.current()

    def _hear(self) -> None:
        changed, self._changed = self._changed, set()
        for path in changed:
            self._gate.changed(path)
        self._engine.changed(changed)
        if self._names_are_old:
            self._names_are_old = False
            self._names = FileNames(self._index.index.paths(), self._source.read, self.root.name)
        for path in changed:
            if self._index.index.has(path):
                self._names.add(path)
            else:
                self._names.remove(path)

    def update(self, paths: Sequence[str]) -> None:
        """These files may be others on disk, or gone."""
        self._changed.update(paths)
        self._index.update(paths)

    def rest(self, seconds: float) -> None:
        """Let the index rest so long from now on; 0 ends that."""
        self._index.rest(seconds)

    def resize(self, chars: int) -> None:
        """From the next pause on there is so much room."""
        self._chars = chars

    def report(self) -> dict[str, Any]:
        """How the index is and what is chosen; no source text."""
        return {**self._index.state(), "folder": self.root.name, "chosen": self.chosen.explain()}

    async def close(self) -> None:
        """Let the index go."""
        await self._index.close()

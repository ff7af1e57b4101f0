"""The code of the workspace that stands at the head of prompts: which folder gives it, for which cursor, when.

It is chosen when the user comes to another place, and anew when he pauses, never at a key: what stands there is read
again whenever it changes. Knows documents and settings; which code it is, is the context engine's matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mellum_ls.lsp_server.documents.store import DocumentStore, Snapshot
from mellum_ls.lsp_server.documents.uris import file_path, relative_path, root_of
from mellum_ls.lsp_server.prompt.recently import Recently
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.settings.fields import Settings

if TYPE_CHECKING:
    from mellum_ls.context.index.workspace_index import Event
    from mellum_ls.lsp_server.prompt.folder import Asked, Folder

_MOST_OPEN = 40
"""So many of the documents that were looked at last count as open."""
_MOST_REST_SECONDS = 2.0
"""What an index gives up for one answer, at most: who waits longer does not notice it, and it would notice."""
_AFTER_SECONDS = 0.120
"""And so much behind an answer, for in a burst of keys the next one is near."""
Watcher = Callable[[str, "Event"], None]


class Repository:
    """The workspace folders of one window; each is looked at once a document of it is open.

    Without a `cache_dir` none ever is. `in_background` runs what nobody waits for.
    """

    def __init__(
        self,
        documents: DocumentStore,
        in_background: Callable[[Coroutine[Any, Any, None]], object],
        cache_dir: Path | None,
    ) -> None:
        self._documents = documents
        self._in_background = in_background
        self._cache_dir = cache_dir
        self._folders: dict[str, Folder] = {}
        self._making: dict[str, tuple[tuple[str, ...] | None]] = {}
        """The folders that are being made, with what they exclude; None where none is wanted."""
        self._num_waiting = 0
        self.recently = Recently()
        self.watchers: list[Watcher] = []
        """Told of the growth of each folder's index, with the folder's URI."""

    async def context(
        self,
        snapshot: Snapshot,
        shown: tuple[int, int],
        settings: Settings,
        roots: Sequence[str],
        *,
        idle: bool = False,
    ) -> tuple[tuple[str, str], ...]:
        """Path and text of each piece for a cursor, the most stable first; when `idle`, chosen anew.

        `shown` are the document's lines that the prompt shows anyway, the end excluded.
        """
        root = root_of(snapshot.uri, roots)
        if root is None or (folder := self.folder(snapshot.uri, settings, roots)) is None:
            return ()
        self.recently.visit(snapshot.uri, snapshot.line)
        folder.resize(settings.context_chars)
        path = relative_path(snapshot.uri, roots)
        chosen = await folder.choose(path, snapshot.line, lambda: self._asked(snapshot, shown, root, roots), idle=idle)
        return chosen.context

    def folder(self, uri: str, settings: Settings, roots: Sequence[str]) -> Folder | None:
        """The workspace folder that holds a document, looked at from now on; None where none does, or none is to be."""
        root = root_of(uri, roots)
        return None if root is None else self._folder(root, settings)

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """While this lasts an answer is computed, or will be: no index is built meanwhile."""
        self._num_waiting += 1
        self._rest(_MOST_REST_SECONDS)
        try:
            yield
        finally:
            self._num_waiting -= 1
            if not self._num_waiting:
                self._rest(_AFTER_SECONDS)

    def changed(self, uris: Sequence[str]) -> None:
        """These files may be others on disk, or gone."""
        for root, folder in self._folders.items():
            if paths := [path for uri in uris if (path := relative_path(uri, (root,)))]:
                folder.update(paths)

    def report(self) -> list[dict[str, Any]]:
        """How each folder's index is and what is chosen; no source text."""
        return [folder.report() for folder in self._folders.values()]

    async def close(self) -> None:
        """Let all folders go."""
        folders, self._folders, self._cache_dir = list(self._folders.values()), {}, None
        self._making.clear()
        await asyncio.gather(*(folder.close() for folder in folders))

    def keep(self, roots: Sequence[str]) -> None:
        """Let go of the folders that are no longer among the workspace's."""
        for root in [known for known in (*self._folders, *self._making) if known not in roots]:
            self._making.pop(root, None)
            if root in self._folders:
                self._in_background(self._folders.pop(root).close())

    def begin(self, uri: str, settings: Settings, roots: Sequence[str]) -> None:
        """A document is open: its workspace folder will be asked about before long."""
        root = root_of(uri, roots)
        if root is not None:
            self._folder(root, settings)

    def _folder(self, root: str, settings: Settings) -> Folder | None:
        """The folder if it is there; one that is not is made in the background, so that nobody waits for that."""
        known = self._folders.get(root)
        if known is not None and settings.context and known.exclude == settings.exclude:
            return known
        if known is not None:
            self._in_background(self._folders.pop(root).close())
        wanted = settings.exclude if settings.context else None
        if self._cache_dir is not None and self._making.get(root, ()) != (wanted,):
            self._making[root] = (wanted,)
            if wanted is not None and (place := file_path(root)) is not None:
                self._in_background(self._make(root, place, self._cache_dir, settings))
        return None

    async def _make(self, root: str, place: Path, cache_dir: Path, settings: Settings) -> None:
        def make() -> Folder | None:
            # A window on a whole disk is no project to be read through.
            if not place.is_dir() or place == place.parent:
                return None
            # Not before it is wanted, and not in the server's own thread: the parsers would cost the start.
            from mellum_ls.lsp_server.prompt.folder import Folder

            return Folder(
                place, cache_dir, settings.exclude, settings.context_chars, lambda event: self._tell(root, event)
            )

        folder = await asyncio.to_thread(make)
        if folder is None:
            return
        if self._making.get(root) != (settings.exclude,):
            await folder.close()  # wanted otherwise by now, or not at all
            return
        del self._making[root]
        self._folders[root] = folder
        await folder.start()

    def _rest(self, seconds: float) -> None:
        for folder in self._folders.values():
            folder.rest(seconds)

    def _tell(self, root: str, event: Event) -> None:
        for watcher in self.watchers:
            watcher(root, event)

    def _asked(self, snapshot: Snapshot, shown: tuple[int, int], root: str, roots: Sequence[str]) -> Asked:
        from mellum_ls.context.selection.place import Edit, OpenFile, Place, Recent, Visit
        from mellum_ls.lsp_server.prompt.folder import Asked

        def path_of(uri: str) -> str:
            return relative_path(uri, roots) if root_of(uri, roots) == root else ""

        text = model_text("".join(snapshot.lines))
        path, language = path_of(snapshot.uri), snapshot.language_id
        place = Place(path, text, snapshot.line, snapshot.column, language, shown)
        latest = [uri for uri in self.recently.opened if uri != snapshot.uri][:_MOST_OPEN]
        documents = [document for uri in latest if (document := self._documents.get(uri)) is not None]
        opened = ((path_of(document.uri), document) for document in documents)
        return Asked(
            place,
            tuple(OpenFile(path, model_text(document.text)) for path, document in opened if path),
            Recent(
                tuple(Edit(path, first, last) for uri, first, last in self.recently.edits if (path := path_of(uri))),
                tuple(Visit(path, line) for uri, line in self.recently.visits if (path := path_of(uri))),
                tuple(path for uri in self.recently.opened if (path := path_of(uri))),
            ),
        )

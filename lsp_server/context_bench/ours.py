"""The context engine as a contender: the real index of the old tree, and a choice made from scratch at each cursor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mellum_ls.context.index.builder import Builder
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import Store
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.selection.engine import ContextEngine
from mellum_ls.context.selection.place import OpenFile, Place, Recent
from mellum_ls.context.selection.workspace_source import WorkspaceSource
from mellum_ls.context.workspace.counterparts import counterparts
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import resolve
from mellum_ls.lsp_server.context_bench.arms import Context, fit
from mellum_ls.lsp_server.context_bench.cases import Case
from mellum_ls.lsp_server.context_bench.sources import Sources


class Ours:
    """The engine over one old tree. `shown` are the texts before and behind a case's cursor that the prompt shows."""

    def __init__(self, old: Sources, folder: Path, shown: Callable[[Case], tuple[str, str]]) -> None:
        """Writes the tree and its index below `folder`. Raises OSError and sqlite3.Error."""
        root = folder / "workspace"
        old.write(root)
        place = folder / "index.sqlite"
        for left in folder.glob("index.sqlite*"):
            left.unlink()
        store = Store.open(place, str(root))
        try:
            self.seconds = Builder(root, store).build().seconds
        finally:
            store.close()
        self._old, self._shown = old, shown
        self._reader = Reader(place)
        self._source = WorkspaceSource(Gate(root))
        self._files = FileNames(old.files)

    def __call__(self, case: Case, chars: int) -> Context:
        """What the engine puts into the prompt, as far as it fits."""
        engine = ContextEngine(
            self._reader,
            self._source,
            chars,
            resolve=self._resolve,
            counterparts=lambda path: counterparts(path, self._files),
        )
        line, column = case.prefix.count("\n"), len(case.prefix) - case.prefix.rfind("\n") - 1
        before, behind = self._shown(case)
        visible = (line - before.count("\n"), line + behind.count("\n") + 1)
        place = Place(case.path, case.prefix + case.suffix, line, column, visible=visible)
        opened = [OpenFile(path, self._old.files[path].text) for path in case.open_files]
        recent = Recent(opened=case.open_files[::-1])
        return fit(engine.select(place, opened, recent).context, chars)

    def close(self) -> None:
        """Close the index."""
        self._reader.close()

    def _resolve(self, import_: Import, path: str, grammar: str) -> tuple[str, ...]:
        return resolve(import_, path, grammar, self._files)

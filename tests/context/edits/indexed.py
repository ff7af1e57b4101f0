"""A real index of files that are written to a folder, for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mellum_ls.context.index.builder import Builder
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import Store


@contextmanager
def indexed(folder: Path, files: Mapping[str, str]) -> Iterator[Reader]:
    """The index of `files`, which are written below `folder`."""
    root = folder / "workspace"
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    store = Store.open(folder / "x.index", str(root))
    Builder(root, store).build()
    store.close()
    reader = Reader(folder / "x.index")
    try:
        yield reader
    finally:
        reader.close()

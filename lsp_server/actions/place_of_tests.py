"""Where the tests of a file go: into the file of tests that there is, open or on disk, else into a new one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from mellum_ls.lsp_server.actions.new_test_file import new_test_file
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place, Snapshot, split_lines
from mellum_ls.lsp_server.documents.uris import file_path, root_of

if TYPE_CHECKING:
    from mellum_ls.lsp_server.session import Session

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class PlaceOfTests:
    """A file of tests; without a snapshot it is not there yet."""

    uri: str
    path: str
    """Relative to the workspace folder."""
    snapshot: Snapshot | None = None
    version: int | None = None
    """The client's; None where it has not opened the file."""
    is_open: bool = False


async def place_of_tests(session: Session, uri: str, path: str) -> PlaceOfTests | str:
    """The one for the document `uri`, the file `path` of its workspace folder; or why there is none."""
    root = root_of(uri, session.roots)
    if root is None or not path:
        return "it is not known where tests belong"
    folder = session.repository.folder(uri, session.settings_for(uri), session.roots)
    found, new = [] if folder is None else await folder.tests_of(path), new_test_file(path)
    for name in dict.fromkeys([*found, *([new] if new else [])]):
        target = f"{root.rstrip('/')}/{quote(name)}"
        reason = session.kept_back.why(target)
        if (document := session.documents.get(target)) is not None and not reason:
            return PlaceOfTests(target, name, document.snapshot(Place(0, 0)), document.version, is_open=True)
        place = file_path(target)
        if place is None or not await asyncio.to_thread(place.exists):
            continue
        text = None if reason else await asyncio.to_thread(_read, place)
        if text is not None:
            return PlaceOfTests(
                target, name, Document(target, "", None, Lines(split_lines(text))).snapshot(Place(0, 0))
            )
        if name == new:
            return reason or "the file of tests cannot be read"
    target = f"{root.rstrip('/')}/{quote(new)}"
    if not new or file_path(target) is None:
        return "it is not known where tests belong"
    return session.kept_back.why(target) or PlaceOfTests(target, new)


def _read(place: Path) -> str | None:
    try:
        # The client counts lines as they are: no line end may be turned into another.
        with place.open(encoding="utf-8", newline="") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        return None
    return text if len(text) <= MOST_BYTES else None

"""The files that a user has pinned, as texts for the head of the prompt.

What stands there must not change while the user types, or the whole prompt would have to be computed anew: the files
are read once and count as they were until a pause (`renew`) or a change of the settings. A file that is open in the
editor is taken from there, saved or not.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mellum_ls.context.privacy.secret_paths import is_secret
from mellum_ls.lsp_server.documents.store import DocumentStore
from mellum_ls.lsp_server.documents.uris import file_path
from mellum_ls.lsp_server.prompt.secrets import without_secrets
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.settings.fields import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A pinned file as it was when it was read."""

    path: str
    """Relative to its workspace folder, with slashes."""
    text: str
    """At most what was left of `pinnedChars`, with \\n line ends; a text that was cut ends with a whole line."""
    place: Path
    """Where it lies on disk."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which files are to be read, and from where."""

    names: tuple[str, ...]
    most_chars: int
    roots: tuple[str, ...]

    @property
    def folders(self) -> list[Path]:
        """The workspace folders that are on disk."""
        return [path for root in self.roots if (path := file_path(root)) is not None]


class PinnedFiles:
    """The pinned files in force. Reads in a thread, so that a slow disk never holds up the server's loop."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._wanted = _Wanted((), 0, ())
        self._reading = asyncio.Lock()
        self.files: tuple[PinnedFile, ...] = ()
        """In the order of the settings."""
        self.problems: tuple[str, ...] = ()
        """A sentence for each file that is missing, left out or cut."""

    async def context(self, uri: str, settings: Settings, roots: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Path and text of each pinned file but the document `uri` itself; read when `settings` or `roots` changed."""
        wanted = _Wanted(settings.pinned_files, settings.pinned_chars, tuple(roots))
        if wanted != self._wanted:
            async with self._reading:
                if wanted != self._wanted:  # another request may have read them meanwhile
                    await self._read(wanted)
        own = file_path(uri)
        return tuple((file.path, file.text) for file in self.files if file.place != own)

    async def renew(self) -> bool:
        """Take the files as they are now, because the user pauses; whether any is another than it was."""
        before = self.files
        if self._wanted.names:
            async with self._reading:
                await self._read(self._wanted)
        return self.files != before

    def report(self) -> dict[str, object]:
        """What is pinned and what is wrong with it; no text."""
        files = [{"path": file.path, "chars": len(file.text)} for file in self.files]
        return {"files": files, "problems": list(self.problems)}

    async def _read(self, wanted: _Wanted) -> None:
        files: tuple[PinnedFile, ...] = ()
        problems: tuple[str, ...] = ()
        if wanted.names:
            texts = self._open_texts(wanted)
            files, problems = await asyncio.to_thread(
                read_files, wanted.names, wanted.folders, texts, wanted.most_chars
            )
        for problem in problems:
            if problem not in self.problems:
                _log.warning("pinned file %s", problem)
        self._wanted, self.files, self.problems = wanted, files, problems

    def _open_texts(self, wanted: _Wanted) -> dict[Path, str]:
        """The texts of the pinned files that are open in the editor."""
        places = {_place(folder, name) for folder in wanted.folders for name in wanted.names}
        opened = ((file_path(document.uri), document) for document in self._documents)
        return {place: document.text for place, document in opened if place is not None and place in places}


def read_files(
    names: Sequence[str], folders: Sequence[Path], open_texts: Mapping[Path, str], most_chars: int
) -> tuple[tuple[PinnedFile, ...], tuple[str, ...]]:
    """The files `names`, each from the first of `folders` that has it, and a sentence for each that is not whole.

    Together they have at most `most_chars` characters; the file that reaches the limit is cut, later ones are left
    out. Secret files are never read. Raises nothing.
    """
    files: list[PinnedFile] = []
    problems: list[str] = []
    room = most_chars
    for name in dict.fromkeys(names):
        try:
            place, text, whole = _find(name, folders, open_texts, room)
        except _Unreadable as fault:
            problems.append(f"{name}: {fault}")
            continue
        if not whole:
            kept = f"cut after {len(text)} characters" if text else "left out"
            problems.append(f"{name}: {kept}, since pinnedChars is {most_chars}")
        if text:
            files.append(PinnedFile(PurePath(os.path.normpath(name)).as_posix(), text, place))
        # A later and smaller file must not take the room that the next version of this one may need.
        room = room - len(text) if whole else 0
    return tuple(files), tuple(problems)


class _Unreadable(Exception):
    """Why a file cannot be pinned."""


def _find(name: str, folders: Sequence[Path], open_texts: Mapping[Path, str], room: int) -> tuple[Path, str, bool]:
    """Where the file lies, the first whole lines of its text that fit in `room`, and whether that is all of it."""
    if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
        raise _Unreadable("not inside the workspace; name it by its path relative to a workspace folder")
    if not folders:
        raise _Unreadable("there is no workspace folder to find it in")
    try:
        places = [_place(folder, name) for folder in folders]
        place = next((place for place in places if place in open_texts or place.exists()), None)
        if place is None:
            raise _Unreadable("there is no such file in the workspace")
        reason = is_secret(str(place)) or is_secret(str(place.resolve()))
        if reason is not None:
            raise _Unreadable(f"{reason}, so it is kept back")
        text = open_texts.get(place)
        if text is None:
            if not place.is_file():
                raise _Unreadable("not a regular file")
            with place.open(encoding="utf-8-sig", newline="") as file:
                text = file.read(room + 1)
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _Unreadable("not UTF-8 text") from error
    except ValueError as error:
        raise _Unreadable("not a path") from error
    if "\0" in text:
        raise _Unreadable("not text")
    # What was read is cut at a line after that: a secret that the cut had parted would not be known for one.
    whole = len(text) <= room
    text = without_secrets(model_text(text))
    whole = whole and len(text) <= room
    return place, text if whole else text[: text.rfind("\n", 0, room) + 1], whole


def _place(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder / name))

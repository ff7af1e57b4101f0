"""Which files of the workspace no model may see even when they are open, by the ignore files in it and the settings."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mellum_ls.lsp_server.documents.uris import file_path, relative_path, root_of
from mellum_ls.lsp_server.settings.fields import Settings

if TYPE_CHECKING:
    from mellum_ls.context.privacy.gate import Gate

NOT_YET = "cannot be judged before the ignore files of its workspace are read"
WAIT_SECONDS = 4.0
"""What a request waits for a gate: a little longer than git is given for its part."""
_Key = tuple[str, tuple[str, ...], bool]

_log = logging.getLogger(__name__)


class Gates:
    """A gate for each workspace folder on disk, made in a thread when it is first asked. For one event loop.

    Until a gate is there it lets nothing through. `known` is called whenever one is.
    """

    def __init__(self, known: Callable[[], None] = lambda: None) -> None:
        self._known = known
        self._gates: dict[_Key, Gate] = {}
        self._making: dict[_Key, asyncio.Task[None]] = {}

    def why(self, uri: str, roots: Sequence[str], settings: Settings) -> str:
        """Why the file may reach no model, as words to put behind its name; empty where it may."""
        if self.is_pending(uri, roots, settings):
            return NOT_YET
        key = _key(uri, roots, settings)
        gate = None if key is None else self._gates.get(key)
        return "" if gate is None else gate.private(relative_path(uri, roots)) or ""

    def is_pending(self, uri: str, roots: Sequence[str], settings: Settings) -> bool:
        """Whether it is only not known yet what may be seen there."""
        key = _key(uri, roots, settings)
        return key is not None and key not in self._gates and self._begin(key) is not None

    async def judged(self, uri: str, roots: Sequence[str], settings: Settings) -> None:
        """Wait until it is known what may be seen there, but not for ever."""
        key = _key(uri, roots, settings)
        if key is not None and key not in self._gates and (making := self._begin(key)) is not None:
            await asyncio.wait((making,), timeout=WAIT_SECONDS)

    def changed(self, uris: Sequence[str]) -> None:
        """These files may be others on disk; some may be ignore files."""
        for (root, _, _), gate in self._gates.items():
            for uri in uris:
                if path := relative_path(uri, (root,)):
                    gate.changed(path)

    def _begin(self, key: _Key) -> asyncio.Task[None] | None:
        """What makes the gate; None where there is no folder on disk, and so nothing to judge."""
        place = file_path(key[0])
        if place is None or not place.is_dir():
            return None
        if key not in self._making:
            self._making[key] = asyncio.ensure_future(self._make(key, place))
        return self._making[key]

    async def _make(self, key: _Key, place: Path) -> None:
        _, exclude, with_git = key
        try:
            self._gates[key] = await asyncio.to_thread(_gate, place, exclude, with_git)
        except OSError as error:
            # What cannot be judged stays out of sight, and is tried again when it is next asked about.
            _log.warning("the ignore files of a workspace folder cannot be read: %s", error.strerror)
        finally:
            del self._making[key]
        if key in self._gates:
            self._known()


def _key(uri: str, roots: Sequence[str], settings: Settings) -> _Key | None:
    """What a gate is made from; None outside of all workspace folders."""
    root = root_of(uri, roots)
    return None if root is None else (root, settings.exclude, not settings.complete_ignored_files)


def _gate(place: Path, exclude: tuple[str, ...], with_git: bool) -> Gate:
    # Not before there is a folder to judge: what reads ignore files would cost the start.
    from mellum_ls.context.privacy.gate import Gate
    from mellum_ls.context.privacy.ignore import global_excludes

    # Git is asked here, and not again when ignore files change: after this the gate is the event loop's.
    gate = Gate(place, exclude, find_global=functools.cache(global_excludes), with_git=with_git)
    gate.refuses_folder("")
    return gate

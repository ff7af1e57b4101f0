"""Which files of the workspace no model may see even when they are open, by the ignore files in it and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mellum_ls.lsp_server.documents.uris import file_path, relative_path, root_of
from mellum_ls.lsp_server.settings.fields import Settings

if TYPE_CHECKING:
    from mellum_ls.context.privacy.gate import Gate


class Gates:
    """A gate for each workspace folder on disk, made when it is first asked. For the server's own thread."""

    def __init__(self) -> None:
        self._gates: dict[tuple[str, tuple[str, ...], bool], Gate | None] = {}

    def why(self, uri: str, roots: Sequence[str], settings: Settings) -> str:
        """Why the file may reach no model, as words to put behind its name; empty where it may."""
        root = root_of(uri, roots)
        if root is None:
            return ""
        key = (root, settings.exclude, not settings.complete_ignored_files)
        if key not in self._gates:
            self._gates[key] = _gate(*key)
        gate = self._gates[key]
        return "" if gate is None else gate.private(relative_path(uri, roots)) or ""

    def changed(self, uris: Sequence[str]) -> None:
        """These files may be others on disk; some may be ignore files."""
        for (root, _, _), gate in self._gates.items():
            for uri in uris:
                if gate is not None and (path := relative_path(uri, (root,))):
                    gate.changed(path)


def _gate(root: str, exclude: tuple[str, ...], with_git: bool) -> Gate | None:
    place = file_path(root)
    if place is None or not place.is_dir():
        return None
    # Not before there is a folder to judge: what reads ignore files would cost the start.
    from mellum_ls.context.privacy.gate import Gate

    return Gate(place, exclude, with_git=with_git)

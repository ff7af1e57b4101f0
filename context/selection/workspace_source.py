"""The files of a workspace folder as selection reads them: through the gate, without their secrets."""

from __future__ import annotations

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.privacy.secret_text import redact
from mellum_ls.context.workspace.reading import Text, read


class WorkspaceSource:
    """The files of the folder that `gate` watches over; a `texts.Source`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def refuses(self, path: str) -> str | None:
        """Why nothing of that file may reach a prompt, in words; None where it may."""
        return self._gate.refuses(path)

    def private(self, path: str) -> str | None:
        """Why not even the open document may be used."""
        return self._gate.private(path)

    def read(self, path: str) -> str | None:
        """The file's text on disk without its secrets; None where there is none to be had."""
        found = read(path, self._gate)
        return found.text if isinstance(found, Text) else None

    def redacted(self, text: str) -> str:
        """A text without its secrets."""
        return redact(text).text

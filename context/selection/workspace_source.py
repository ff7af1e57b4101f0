"""The files of a workspace folder as selection reads them: through the gate, without their secrets."""

from __future__ import annotations

from pathlib import Path

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.privacy.secret_text import redact
from mellum_ls.context.workspace.reading import Text, read


class WorkspaceSource:
    """The files of a workspace folder through its gate."""

    def __init__(self, root: Path, gate: Gate) -> None:
        self._root = root
        self._gate = gate

    def refuses(self, path: str) -> str | None:
        """See `Source`."""
        return self._gate.refuses(path)

    def read(self, path: str) -> str | None:
        """See `Source`."""
        found = read(self._root, path, self._gate)
        return found.text if isinstance(found, Text) else None

    def redacted(self, text: str) -> str:
        """See `Source`."""
        return redact(text).text

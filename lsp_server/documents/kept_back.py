"""Which documents no model may see, and in which lines none is asked, with the reason in words for the user.

Knows settings, names and sizes; what the cursor stands in is policy.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mellum_ls.lsp_server.documents.gates import Gates
from mellum_ls.lsp_server.documents.notebooks import Notebooks
from mellum_ls.lsp_server.documents.oversize import oversize_reason
from mellum_ls.lsp_server.documents.store import DocumentStore
from mellum_ls.lsp_server.documents.uris import secret_reason
from mellum_ls.lsp_server.settings.fields import Settings


class KeptBack:
    """The one place that says no.

    `settings_for` gives the settings in force for a document's URI, `gates` say what the workspace folders `roots()`
    take out.
    """

    def __init__(
        self,
        documents: DocumentStore,
        notebooks: Notebooks,
        settings_for: Callable[[str], Settings],
        gates: Gates,
        roots: Callable[[], Sequence[str]],
    ) -> None:
        self._documents = documents
        self._notebooks = notebooks
        self._settings_for = settings_for
        self._gates = gates
        self._roots = roots

    def is_pending(self, uri: str) -> bool:
        """Whether the document is kept back only because its workspace's ignore files are still being read."""
        return self._gates.is_pending(self._notebooks.of(uri) or uri, self._roots(), self._settings_for(uri))

    async def judged(self, uri: str) -> bool:
        """Wait until the workspace's ignore files are read; whether the document is still as it was before that."""
        document = self._documents.get(uri)
        revision = None if document is None else document.revision
        await self._gates.judged(self._notebooks.of(uri) or uri, self._roots(), self._settings_for(uri))
        return self._documents.get(uri) is document and (document is None or document.revision == revision)

    def why(self, uri: str, line: int | None = None) -> str:
        """Why no model may see the document, or be asked at that line; empty when it may."""
        settings, document = self._settings_for(uri), self._documents.get(uri)
        if not settings.enable:
            return "completions are switched off"
        whole = self._notebooks.of(uri)
        reason = secret_reason(uri) or secret_reason(whole) or self._gates.why(whole or uri, self._roots(), settings)
        if reason:
            return f"the document is kept back: it {reason}"
        if document is None:
            return ""
        if document.language_id in settings.disabled_languages:
            return f"completions are switched off for {document.language_id}"
        return oversize_reason(document, settings.max_file_chars, line)

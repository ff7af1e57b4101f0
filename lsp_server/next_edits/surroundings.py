"""All that an engine may see around the user: a folder's log of edits, its open documents, its index and its files.

Keeps the texts of edited documents as engines want them, so that a key costs one copy of the text. Asks nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mellum_ls.context.edits.history import EditLog, Noted
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.next_edits.scopes import Scope, scope_of
from mellum_ls.lsp_server.next_edits.situation import Situation
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.settings.fields import Settings

if TYPE_CHECKING:
    from mellum_ls.lsp_server.session import Session


class Surroundings:
    """Those of all documents of `window`."""

    def __init__(self, window: Session) -> None:
        self._window = window
        self._logs: dict[str, EditLog] = {}
        """By the root of a scope."""
        self._texts: dict[str, tuple[Lines, str]] = {}

    def __len__(self) -> int:
        """How many documents' texts are kept."""
        return len(self._texts)

    def note(self, uri: str, before: Lines, at: float) -> Noted:
        """An open document was edited at `at` seconds; `before` are its lines without that edit."""
        document = self._window.documents.get(uri)
        if document is None:
            return "nothing"
        old, scope = self._text(uri, before), self._scope(document)
        return self._log(scope).note(scope.path, old, self.text_of(document), at)

    def forget(self, uri: str) -> None:
        """The document is closed, or another. What was changed in a folder is remembered on: it goes on elsewhere."""
        self._texts.pop(uri, None)
        self._logs.pop(uri, None)

    def text_of(self, document: Document) -> str:
        r"""The document's text with \n line ends."""
        return self._text(document.uri, document.lines)

    def situation(self, document: Document, place: Place, settings: Settings) -> Situation:
        """What an engine is given at `place`."""
        window, scope = self._window, self._scope(document)
        folder = window.repository.folder(document.uri, settings, window.roots) if scope.root in window.roots else None
        texts = {
            other_scope.path: self.text_of(other)
            for other in window.documents
            if (other_scope := self._scope(other)).root == scope.root and not window.kept_back.why(other.uri)
        }
        snapshot, log = document.snapshot(place), self._log(scope)
        text = self.text_of(document)
        if folder is None:
            return Situation(snapshot, scope.path, text, log, texts)
        return Situation(snapshot, scope.path, text, log, texts, folder.index, folder.read)

    def at(self, document: Document, path: str) -> tuple[str, Document | None]:
        """URI of the file `path` of the folder that `document` lies in, and the document where it is open."""
        root = self._scope(document).root
        for other in self._window.documents:
            if self._scope(other) == Scope(root, path):
                return other.uri, other
        return f"{root.rstrip('/')}/{quote(path)}", None

    def _text(self, uri: str, lines: Lines) -> str:
        known = self._texts.get(uri)
        if known is None or known[0] is not lines:
            known = self._texts[uri] = (lines, model_text("".join(lines)))
        return known[1]

    def _scope(self, document: Document) -> Scope:
        is_part = bool(self._window.notebooks.of(document.uri))
        return scope_of(document.uri, document.language_id, self._window.roots, is_part=is_part)

    def _log(self, scope: Scope) -> EditLog:
        if scope.root not in self._logs:
            # Folders may have left the workspace; documents without one are forgotten when they are closed.
            left = [root for root in self._logs if root not in self._window.roots and root not in self._texts]
            for root in left:
                del self._logs[root]
            self._logs[scope.root] = EditLog()
        return self._logs[scope.root]

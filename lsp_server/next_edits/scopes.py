"""Which edits belong together: those of one workspace folder, or of one document that lies in none.

Knows URIs and languages; no texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.documents.uris import relative_path, root_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a document's edits are kept."""

    root: str
    """URI of the workspace folder; of the document where it lies in none, or is a part of another."""
    path: str
    """Relative to the folder, with slashes. A document without a folder has a made-up name of its language."""


def scope_of(uri: str, language_id: str, roots: Sequence[str], *, is_part: bool = False) -> Scope:
    """The scope of a document; `is_part` for a cell of a notebook, whose path is the whole notebook's."""
    root, path = root_of(uri, roots), relative_path(uri, roots)
    if root is not None and path and not is_part:
        return Scope(root, path)
    # Not before a document without a folder is edited: the parsers would cost the start.
    from mellum_ls.context.languages.grammars import grammar_of

    grammar = grammar_of(uri.partition("?")[0].partition("#")[0], language_id)
    return Scope(uri, f"document.{grammar.endings[0]}" if grammar else "document")

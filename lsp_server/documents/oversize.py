"""Which documents are too big or too dense to complete in: generated and minified text, for which no model is any use.

Knows sizes only; all of them are kept by the document as it is edited.
"""

from __future__ import annotations

from mellum_ls.lsp_server.documents.store import Document

MAX_LINE_CHARS = 5_000
"""Longest line in which suggestions are given."""
MINIFIED_CHARS = 50_000
"""From so many characters on a document is judged by the mean length of its lines."""
MINIFIED_MEAN = 500
"""Mean length of a line from which on a document counts as minified. Code has 20 to 60, prose seldom over 300."""


def oversize_reason(document: Document, max_chars: int, line: int | None = None) -> str:
    """Why no suggestion is given in `document`, at `line` where one is given; empty when one may be.

    Costs the same however long the document is.
    """
    chars, count = document.lines.chars, len(document.lines)
    if chars > max_chars:
        return f"the document has {chars} characters, and maxFileChars is {max_chars}"
    if chars >= MINIFIED_CHARS and chars > MINIFIED_MEAN * count:
        return f"the document looks minified: {chars // count} characters a line"
    if line is not None and 0 <= line < count and (length := len(document.lines[line])) > MAX_LINE_CHARS:
        return f"the line has {length} characters, more than {MAX_LINE_CHARS}"
    return ""

"""From a proposal to what a client is told: a document, a range in UTF-16 units, a text with the right line ends."""

from __future__ import annotations

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.documents.positions import column_of
from mellum_ls.lsp_server.documents.store import Document, Place, bare
from mellum_ls.lsp_server.next_edits.fates import NextEdit
from mellum_ls.lsp_server.wire.clients import Client


def in_document(document: Document, proposal: Proposal, edit_id: str, client: Client) -> NextEdit:
    """The edit in an open document, whose lines the proposal's span lies in."""
    span = proposal.span
    start = _place(document.lines[span.start_line], span.start_line, span.start_column)
    end = _place(document.lines[span.end_line], span.end_line, span.end_column)
    line_end = "\n" if client.keeps_bare_lines else document.snapshot(Place(0, 0)).line_end
    text = proposal.new if line_end == "\n" else proposal.new.replace("\n", line_end)
    return NextEdit(edit_id, document.uri, document.version, start, end, text, proposal)


def in_file(uri: str, text: str, proposal: Proposal) -> NextEdit:
    r"""The edit in a file that is not open, whose text has \n line ends here; a client puts in its own."""
    lines, span = text.split("\n"), proposal.span
    start = _place(lines[span.start_line], span.start_line, span.start_column)
    end = _place(lines[span.end_line], span.end_line, span.end_column)
    return NextEdit("", uri, None, start, end, proposal.new, proposal)


def _place(line: str, number: int, column: int) -> Place:
    return Place(number, column_of(bare(line), column))

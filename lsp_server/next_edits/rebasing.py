"""A proposed edit while the text around it goes on changing: it moves, is typed along, is written out, or dies.

Pure arithmetic of lines and columns. Knows neither documents nor clients; whoever uses what comes out compares `old`
with the text first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.edit_history import Replaced
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.rewriting.spots import Spot, behind, end_of, offset_in, shared, start_of

Written = Literal["written"]


def rebased(proposal: Proposal, edit: Replaced) -> Proposal | Written | None:
    """`proposal` after `edit`, which came to its document: moved, or shorter where it was typed along.

    "written" when its whole text stands there now, None when the text that it was for is another.
    """
    start, end = start_of(proposal.span), end_of(proposal.span)
    first = (edit.line, edit.column)
    last, new_last = behind(first, edit.removed), behind(first, edit.inserted)
    if first > end:
        return proposal
    if last < start:
        return replace(proposal, span=Span(*_moved(start, last, new_last), *_moved(end, last, new_last)))
    if start <= first and last <= end:
        along = _along(proposal, start, first, model_text(edit.removed), model_text(edit.inserted))
        if along is not None:
            return along
    return _beside(proposal, edit, (start, end), (first, last), new_last)


def _moved(spot: Spot, last: Spot, new_last: Spot) -> Spot:
    """`spot`, which lies at or behind `last`, now that `last` is `new_last`."""
    if spot[0] == last[0]:
        return new_last[0], new_last[1] + spot[1] - last[1]
    return spot[0] + new_last[0] - last[0], spot[1]


def _along(proposal: Proposal, start: Spot, first: Spot, removed: str, inserted: str) -> Proposal | Written | None:
    """What is left where the edit leads from `old` towards `new`; None where it leads elsewhere."""
    offset = offset_in(proposal.old, first, start)
    if offset is None or proposal.old[offset : offset + len(removed)] != removed:
        return None
    text = proposal.old[:offset] + inserted + proposal.old[offset + len(removed) :]
    if text == proposal.new:
        return "written"
    done = shared(text, proposal.new)
    rest = text[done:]
    # Either the new text's beginning stands before what is left of the old one, or the old one is erased from its end.
    if not proposal.old.endswith(rest) and (inserted or not proposal.old.startswith(text)):
        return None
    at, end = behind(start, text[:done]), behind(start, text)
    return replace(proposal, span=Span(*at, *end), old=rest, new=proposal.new[done:])


def _beside(
    proposal: Proposal, edit: Replaced, span: tuple[Spot, Spot], edited: tuple[Spot, Spot], new_last: Spot
) -> Proposal | None:
    """The proposal where the edit touches it from outside with whole lines; None where it does more than that."""
    (start, end), (first, last) = span, edited
    if last == start and first <= start and new_last[1] == 0 and start[1] == 0:
        return replace(proposal, span=Span(*_moved(start, last, new_last), *_moved(end, last, new_last)))
    if first == end and edit.inserted[:1] in ("\n", "\r"):
        return proposal
    return None

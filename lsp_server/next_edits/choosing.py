"""Which of the proposed edits is shown: the first in the user's document that passes, else one in another file.

Runs in a thread. Knows the filters; neither clients nor times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.next_edits.filters import why_not
from mellum_ls.lsp_server.next_edits.situation import Situation

TurnedDown = Callable[[Proposal, Sequence[str]], str]
NOTHING = "nothing follows from the last changes"
_MOST_TRIED = 12
"""Of the edits that do not pass so many are looked at: each costs parsing a file."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is shown, or why nothing is."""

    proposal: Proposal | None = None
    silence: str = ""
    others: tuple[Proposal, ...] = ()
    """Further proposals for the user's document, not judged yet."""
    text: str | None = None
    """The text of the proposal's file where it is not the user's document."""


def best(proposals: Sequence[Proposal], situation: Situation, turned_down: TurnedDown, *, elsewhere: bool) -> Chosen:
    """The first of `proposals` that may be shown; in other files only with `elsewhere`.

    `turned_down` says why one is not to be shown in a document of these lines, empty when it is.
    """
    own = [proposal for proposal in proposals if proposal.path == situation.path]
    others = [proposal for proposal in proposals if proposal.path != situation.path]
    hunks, language = situation.log.hunks(), situation.snapshot.language_id
    first_reason = ""
    lines = situation.text.split("\n")
    for number, proposal in enumerate(own[:_MOST_TRIED]):
        reason = turned_down(proposal, lines) or why_not(proposal, situation.text, hunks, language)
        if not reason:
            return Chosen(proposal, others=tuple(own[number + 1 :]))
        first_reason = first_reason or reason
    for proposal in others[:_MOST_TRIED] if elsewhere else ():
        text = _text_of(proposal, situation)
        if text is not None and not (turned_down(proposal, text.split("\n")) or why_not(proposal, text, hunks)):
            return Chosen(proposal, text=text)
    if first_reason:
        return Chosen(None, f"an edit was found and not shown: {first_reason}")
    if others and not elsewhere:
        return Chosen(None, f"the next edit is in another file: {others[0].path}")
    return Chosen(None, NOTHING)


def _text_of(proposal: Proposal, situation: Situation) -> str | None:
    """The text of another file; None where its columns may not be those of the file, or there is no text to be had."""
    if proposal.path in situation.texts:
        return situation.texts[proposal.path]
    text = situation.read(proposal.path)
    if text is None:
        return None
    # Its patterns take some milliseconds to compile, which the start need not wait for.
    from mellum_ls.context.privacy.secret_text import PLACEHOLDER

    touched = text.split("\n")[proposal.span.start_line : proposal.span.end_line + 1]
    return None if any(PLACEHOLDER in line for line in touched) else text

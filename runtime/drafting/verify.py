"""Decoding in passes that check drafts: what comes out is what decoding token by token gives.

A pass computes the last token and the drafts behind it. Row i of its scores says what follows the first i drafts; the
first draft that is not what its row chooses, and all behind it, leave the session again. Knows ids, no text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from torch import Tensor

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.source import NOTHING, Proposal
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.model import Model


class Chooser(Protocol):
    """Chooses the tokens of one completion, in order."""

    @property
    def plain(self) -> bool:
        """Whether from now on it takes the likeliest token each time."""

    def choose(self, logits: Tensor) -> int | None:
        """The next token, by scores [V]; None ends the completion."""

    def judge(self, logits: Tensor, draft: int, odds: Tensor | None) -> int | None:
        """The next token where `draft` was guessed: that or another, distributed as `choose` would.

        `odds` are the probabilities [V] that the draft was drawn with, None for one that was not drawn.
        """


class Drafts(Protocol):
    """Where drafts come from; see drafter.Drafter."""

    def propose(self, token: int, most: int) -> Proposal:
        """Up to `most` tokens that may follow `token`, which is the next of the sequence."""

    def came(self, tokens: list[int], checked: Proposal) -> None:
        """A pass that checked these drafts brought those tokens, one at least."""


def decode(
    model: Model,
    session: Session,
    rows: Tensor,
    checked: Proposal,
    max_tokens: int,
    stop_ids: Collection[int],
    chooser: Chooser,
    drafts: Drafts | None = None,
) -> Iterator[list[int]]:
    """Yield the tokens of each pass, until a stop id, None or the budget; the stop id itself is yielded.

    `rows` [1 + checked, H] are the states of the prompt's last token and of the drafts that were computed with it. At
    each yield the session holds all tokens but the last one, which enters it with the next pass.
    """
    remaining = max_tokens
    while True:
        tokens = _judged(model, rows, checked, chooser, stop_ids)[:remaining]
        # Those that held stay, the last token is not one of them. What a pass added it can always take back: a cache
        # lets go of old positions only when it is about to take in new ones.
        wanted = len(session.ids) - len(checked.ids) + max(0, len(tokens) - 1)
        reached = session.truncate(wanted)
        assert reached == wanted, f"a pass was rolled back to {reached} positions instead of {wanted}"
        if not tokens:
            return
        remaining -= len(tokens)
        if drafts is not None:
            drafts.came(tokens, checked)
        yield tokens
        if tokens[-1] in stop_ids or not remaining:
            return
        # A pass brings one token more than it checks.
        checked = NOTHING if drafts is None else drafts.propose(tokens[-1], remaining - 1)
        rows = extend(model, session, [tokens[-1], *checked.ids])


def _judged(model: Model, rows: Tensor, checked: Proposal, chooser: Chooser, stop_ids: Collection[int]) -> list[int]:
    """The tokens that the rows [1 + drafts, H] choose, up to the first that is not the draft or ends it all."""
    # One question to the device instead of one for each row, and that without the scores.
    likeliest = model.likeliest(rows) if chooser.plain else None
    logits = model.logits(rows) if likeliest is None else None
    tokens: list[int] = []
    for place in range(len(rows)):
        draft = checked.ids[place] if place < len(checked.ids) else None
        if likeliest is not None:
            token = likeliest[place]
        else:
            assert logits is not None
            row = logits[place]
            chosen = chooser.choose(row) if draft is None else chooser.judge(row, draft, checked.odds[place])
            if chosen is None:
                break
            token = chosen
        tokens.append(token)
        if token != draft or token in stop_ids:
            break
    return tokens

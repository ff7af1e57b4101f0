"""Lines of a file written anew, most of them as they were: with drafts from the old text, and without.

Which tokens come is given: those of the file, as a model writes them that gets it right. The embedded model's own
answers would be a line or two, which is no region. All that a model computes for its answer is computed, and the token
that its scores are highest for is looked up for each that comes: drafting must not change one of those.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.source import NOTHING
from mellum_ls.runtime.drafting.verify import decode
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.healing import Healer, Spelling
from mellum_ls.runtime.mtp import MtpFollower

if TYPE_CHECKING:
    from mellum_ls.runtime.cache.kv_cache import KVCache
    from mellum_ls.runtime.model import Model

LINES_ABOVE, LINES_BELOW = 3, 8
"""Of the cursor's line: a next edit's region mostly has so many."""
_NAME = re.compile(r"[A-Za-z_]{3,}")


class Given:
    """A model's answers in place of its own: `ids`, behind the session's first `base` tokens. Notes what its own were.

    `session` holds the tokens that came and the drafts of the pass, as decoding leaves it.
    """

    def __init__(self, model: Model, session: Session, base: int, ids: Sequence[int]) -> None:
        self._model, self._session, self._base, self._ids = model, session, base, ids
        self.own: list[int] = []

    def forward(self, ids: Tensor, cache: KVCache) -> Tensor:
        """The model's."""
        return self._model.forward(ids, cache)

    def logits(self, hidden: Tensor) -> Tensor:
        """The model's."""
        return self._model.logits(hidden)

    def likeliest(self, hidden: Tensor) -> list[int]:
        """The given ids of these rows; the model has to find its own all the same."""
        found = self._model.likeliest(hidden)
        drafts = self._session.ids[len(self._session.ids) - len(found) + 1 :]
        first = len(self._session.ids) - len(drafts) - self._base
        given = list(self._ids[first : first + len(found)])
        # Rows behind a draft that did not hold are of a text that nobody writes.
        pairs = enumerate(zip(drafts, given, strict=False))
        held = next((row for row, (draft, wanted) in pairs if draft != wanted), len(drafts))
        self.own[first:] = found[: held + 1]
        return given


def edited(text: str, chance: random.Random) -> str:
    """`text` as it may have been before it was rewritten: one name is another, and one line of several is not there."""
    names = sorted(set(_NAME.findall(text)))
    if names:
        name = chance.choice(names)
        text = re.sub(rf"\b{name}\b", f"old_{name}", text)
    lines = text.splitlines(keepends=True)
    if len(lines) > 2:
        del lines[chance.randrange(1, len(lines) - 1)]
    return "".join(lines)


class Rewriting:
    """`region` written behind the text `before`, where `old` stood. Both sides use one session, as it is each time."""

    def __init__(self, engine: Engine, before: str, region: str, old: str) -> None:
        self._model = engine.model
        self._healer = Healer(engine.tokenizer)
        encode = engine.tokenizer.encode
        self._prompt, self.ids, self._old = encode(before), encode(region), encode(old)
        follower = None if engine.mtp is None else MtpFollower(engine.mtp)
        self._session = Session(self._model.new_cache(), follower)
        with torch.inference_mode():
            extend(self._model, self._session, self._prompt)
            self._session.keep_up(0)

    @torch.inference_mode()
    def run(self, drafting: Drafting | None, clock: Callable[[], float]) -> tuple[float, list[int]]:
        """Seconds, and the likeliest token at each place; None decodes token by token."""
        session, prompt, most = self._session, self._prompt, len(self.ids)
        given = Given(self._model, session, len(prompt), self.ids)
        # Decoding asks for no more of a model than that.
        model, chooser = cast("Model", given), Spelling(self._healer, "")
        session.truncate(len(prompt) - 1)
        drafter, checked = None, NOTHING
        if drafting is not None:
            drafting.vocabulary.see(prompt)
        if self._model.device.type == "cuda":
            torch.cuda.synchronize(self._model.device)
        started = clock()
        if drafting is not None:
            drafter = drafting.drafter(session, prompt, self._old, lambda token: False)
            checked = drafter.propose_first(most - 1, 1)
        rows = extend(model, session, [prompt[-1], *checked.ids])
        for _ in decode(model, session, rows, checked, most, (), chooser, drafter):
            pass
        return clock() - started, given.own

"""One completion on its way: ids become text, text goes through the stop rule, the rest is shown.

It goes in steps short enough that whoever drives it may cancel it, or run something more urgent, between two of them.
Knows one prompt's ids and a leased session; the engine chose both.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from mellum_ls.runtime.cache.sessions import Lease
from mellum_ls.runtime.drafting.drafter import Drafter, Drafting
from mellum_ls.runtime.drafting.sampling import Sampling, Temperature
from mellum_ls.runtime.drafting.source import NOTHING
from mellum_ls.runtime.drafting.verify import decode
from mellum_ls.runtime.generate import Chunk, GenerationParams, Pace, Reason, Result, prefill
from mellum_ls.runtime.healing import Healer, Spelling
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.profile import Profile
from mellum_ls.runtime.stopping import StopRule
from mellum_ls.runtime.thoughts import Thoughts
from mellum_ls.runtime.tokenizer import Detokenizer, Tokenizer

OnChunk = Callable[[Chunk], None]


@dataclass(frozen=True, slots=True)
class Tools:
    """What all completions of one engine share."""

    model: Model
    tokenizer: Tokenizer
    profile: Profile
    healer: Healer
    pace: Pace
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one request asks for."""

    ids: list[int]
    """The whole prompt."""
    typed: str
    """Text before the cursor that is left out of the prompt, to be spelled first."""
    rule: StopRule
    params: GenerationParams
    started: float
    """When the request came, by the tools' clock."""
    predicted: str = ""
    """Text that may come behind `typed`, to draft from; it changes nothing but the time."""
    temperature: Temperature | None = None
    """How to draw tokens; None takes the likeliest."""
    drafting: Drafting | None = None
    """None decodes token by token."""
    thoughts: Thoughts | None = None
    """Which ids are not shown, in a conversation."""


class Completion:
    """Drive it with `step` until there is a result, or end it with `cancel`; either gives the session back."""

    def __init__(
        self,
        tools: Tools,
        lease: Lease,
        wanted: Wanted,
        *,
        on_chunk: OnChunk,
        on_end: Callable[[Lease, Result], None],
    ) -> None:
        self._tools, self._lease, self._wanted = tools, lease, wanted
        self._on_chunk, self._on_end = on_chunk, on_end
        self._detokenizer = Detokenizer(tools.tokenizer)
        self._pending: list[int] = []
        self._text = ""
        self._generated = 0
        self._first_at: float | None = None
        self._steps = self._run()
        self._result: Result | None = None

    def step(self) -> Result | None:
        """Compute one chunk of the prompt, or one pass that brings tokens; once there is a result, that.

        If the step fails, the session is given back as it was after the step before.
        """
        if self._result is None:
            try:
                next(self._steps)
            except StopIteration as end:
                return self._end(end.value)
            except BaseException:
                self._end("cancelled")
                raise
        return self._result

    def cancel(self) -> Result:
        """End it here: the result says what was shown so far. What was computed stays cached."""
        if self._result is None:
            self._steps.close()
            return self._end("cancelled")
        return self._result

    def _run(self) -> Generator[None, None, Reason]:
        """Compute the rest of the prompt, spell what was typed and go on; return why it ended."""
        tools, wanted, session = self._tools, self._wanted, self._lease.session
        params, rule = wanted.params, wanted.rule
        new = wanted.ids[self._lease.kept :]
        if wanted.drafting is not None:
            # Here, not where drafting begins: most prompts are read while nobody waits, and not read again.
            wanted.drafting.vocabulary.see(new)
        if params.warm_up:
            yield from prefill(tools.model, session, new, tools.pace)
            return "warm"
        stop_ids = tools.profile.stop_ids
        drawn = None if wanted.temperature is None else Sampling(tools.healer, wanted.typed, wanted.temperature)
        drafter = self._drafter(drawn)
        checked = NOTHING
        if drafter is not None:
            checked = drafter.propose_first(params.max_tokens - 1, min(len(new), tools.pace.chunk))
        rows = yield from prefill(tools.model, session, new, tools.pace, checked.ids)
        chooser = drawn or Spelling(tools.healer, wanted.typed, params.rank)
        unshown = len(wanted.typed)
        for tokens in decode(tools.model, session, rows, checked, params.max_tokens, stop_ids, chooser, drafter):
            for token in tokens:
                self._generated += 1
                self._first_at = tools.clock() if self._first_at is None else self._first_at
                if token in stop_ids:
                    self._show(rule.finish())
                    return rule.reason or "stop"
                self._pending.append(token)
                if wanted.thoughts is not None and wanted.thoughts.hide(token):
                    continue
                text = self._detokenizer.push([token])
                # What the user has typed already comes first, character for character.
                text, unshown = text[unshown:], max(0, unshown - len(text))
                self._show(rule.push(text))
                if rule.reason is not None:
                    return rule.reason
            yield
        self._show(rule.finish())
        return rule.reason or ("length" if self._generated else "stop")

    def _drafter(self, drawn: Sampling | None) -> Drafter | None:
        """What guesses for this completion; None where nothing is drafted."""
        tools, wanted = self._tools, self._wanted
        drafting = wanted.drafting
        if drafting is None:
            return None
        pieces, stop_ids, one_line = tools.tokenizer.pieces, tools.profile.stop_ids, wanted.params.stop == "line"

        def ends(token: int) -> bool:
            # A line that has begun ends with any line end; what is guessed behind it would be thrown away.
            return token in stop_ids or (one_line and self._generated > 0 and b"\n" in pieces.get(token, b""))

        expected = tools.tokenizer.encode(wanted.typed + wanted.predicted) if wanted.predicted else ()
        session = self._lease.session
        return drafting.drafter(session, wanted.ids, expected, ends, None if drawn is None else drawn.draw)

    def _show(self, text: str) -> None:
        if text:
            self._text += text
            self._on_chunk(Chunk(text, tuple(self._pending)))
            self._pending.clear()

    def _end(self, reason: Reason) -> Result:
        session, clock = self._lease.session, self._tools.clock
        self._result = Result(
            text=self._text,
            reason=reason,
            prompt_tokens=len(self._wanted.ids),
            computed_tokens=min(len(session.ids), len(self._wanted.ids)) - self._lease.kept,
            generated_tokens=self._generated,
            first_token_s=0.0 if self._first_at is None else self._first_at - self._wanted.started,
            total_s=clock() - self._wanted.started,
        )
        self._on_end(self._lease, self._result)
        return self._result

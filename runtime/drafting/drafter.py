"""All sources of one completion together: whose guess is checked next, how far, and what was learned of each.

Free guesses are judged whether they were checked or not, by what came. The MTP layer drafts only where that promises
more than the best free guess, and now and then to find out whether it has become better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.mtp import Draw, MtpDrafts, at_place
from mellum_ls.runtime.drafting.policy import NO_PLAN, Policy
from mellum_ls.runtime.drafting.remainder import Remainder
from mellum_ls.runtime.drafting.source import NOTHING, Evidence, Proposal, Source
from mellum_ls.runtime.drafting.suffix import Suffix
from mellum_ls.runtime.drafting.tally import Tally
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary

# One pass is a step that cannot be cancelled: so many drafts cost a small model's CPU what a chunk of a prompt does.
MOST = 48
SOURCES = ("remainder", "suffix", "mtp")


@dataclass(slots=True)
class Drafting:
    """What all completions of one engine share: what was learned, and what was counted."""

    policy: Policy
    vocabulary: DraftVocabulary
    sources: tuple[str, ...] = SOURCES
    most: int = MOST
    tally: Tally = field(default_factory=Tally)

    @property
    def uses_mtp(self) -> bool:
        """Whether the MTP layer may be asked."""
        return "mtp" in self.sources

    def drafter(
        self,
        session: Session,
        prompt: Sequence[int],
        expected: Sequence[int],
        ends: Callable[[int], bool],
        draw: Draw | None = None,
    ) -> Drafter:
        """The drafter of one completion; see Drafter."""
        sources: list[Source] = []
        if "remainder" in self.sources and expected:
            sources.append(Remainder(expected))
        if "suffix" in self.sources:
            sources.append(Suffix(prompt, expected))
        mtp = MtpDrafts(session, self.vocabulary, draw) if self.uses_mtp and session.follower is not None else None
        return Drafter(self, sources, mtp, ends)


class Drafter:
    """Guesses for one completion. `ends` says of a token that nothing behind it would be wanted."""

    def __init__(
        self, shared: Drafting, sources: Sequence[Source], mtp: MtpDrafts | None, ends: Callable[[int], bool]
    ) -> None:
        self._shared, self._sources, self._mtp, self._ends = shared, sources, mtp, ends
        # What was guessed and is not refuted yet, and how much of it has held: one guess of each source.
        self._open: dict[str, tuple[Proposal, int]] = {}

    def propose_first(self, most: int, base: int) -> Proposal:
        """Drafts to be checked with the last `base` tokens of the prompt."""
        return self._free(min(most, self._shared.most), base)[0]

    def propose(self, token: int, most: int) -> Proposal:
        """Up to `most` tokens that may follow `token`, which is the next of the sequence."""
        most = min(most, self._shared.most)
        best, gain = self._free(most, 1)
        if self._mtp is not None and most > 0:
            drafted = self._drafted(self._mtp, token, most, gain)
            plan = self._shared.policy.plan(drafted.evidence)
            if drafted.ids:
                self._shared.policy.drafted(len(drafted.ids), plan.gain)
            if plan.gain > gain:
                best = drafted.first(plan.depth)
        return best

    def came(self, tokens: list[int], checked: Proposal) -> None:
        """A pass that checked these drafts brought those tokens: learn from it."""
        shared = self._shared
        if checked.ids:
            shared.tally.count(checked.evidence[0].source, len(checked.ids), len(tokens) - 1)
        shared.tally.steps += 1
        shared.tally.tokens += len(tokens)
        shared.policy.passed(len(checked.ids), len(tokens))
        for token in tokens:
            for name, (guess, held) in list(self._open.items()):
                shared.policy.saw(guess.evidence[held], guess.ids[held] == token)
                if guess.ids[held] == token and held + 1 < len(guess.ids):
                    self._open[name] = guess, held + 1
                else:
                    del self._open[name]
        for source in self._sources:
            source.took(tokens)

    def _free(self, most: int, base: int) -> tuple[Proposal, float]:
        """The best guess that costs nothing to make, as far as it pays, and what it gains."""
        best, chosen = NO_PLAN, NOTHING
        for source in self._sources if most > 0 else ():
            guess = self._cut(source.propose(most))
            self._watch(source.name, guess)
            plan = self._shared.policy.plan(guess.evidence, base)
            if plan.gain > best.gain:
                best, chosen = plan, guess.first(plan.depth)
        return chosen, best.gain

    def _drafted(self, mtp: MtpDrafts, token: int, most: int, rival: float) -> Proposal:
        policy = self._shared.policy
        if not policy.begins(rival):
            return NOTHING

        def goes_on(guessed: int, evidence: list[Evidence]) -> bool:
            return not self._ends(guessed) and policy.goes_on(evidence, at_place(len(evidence)))

        guess = mtp.propose(token, most, goes_on)
        guess = self._cut(guess)
        self._open.pop(mtp.name, None)
        self._watch(mtp.name, guess)
        return guess

    def _watch(self, name: str, guess: Proposal) -> None:
        if guess.ids and name not in self._open:
            self._open[name] = guess, 0

    def _cut(self, guess: Proposal) -> Proposal:
        """The guess without its end and what lies behind: the row before says that it ends as well."""
        for place, token in enumerate(guess.ids):
            if self._ends(token):
                return guess.first(place)
        return guess

"""How many drafted tokens to have checked: as many as pay, by what guesses like them came to and what a pass costs.

Arithmetic on figures that it is told; knows neither ids nor models. A draft is worth checking where the passes that it
saves, times what a token costs now, exceed what the longer pass costs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.source import ANY, Evidence

# What was learned long ago counts less: half of it after about 35 guesses of the kind.
FADING = 0.98
# The prior counts like so many guesses.
PRIOR_WEIGHT = 4.0
# Gains below this share of a plain pass are within the error of the figures.
MARGIN = 0.04
# The value of a token follows the last dozen passes or so.
VALUE_SHARE = 0.1
# How fast the gain of the MTP layer is learned, and after how many steps without it the layer is asked all the same.
LAYER_SHARE = 0.05
LAYER_PRIOR = 0.75
LAYER_DRAFTS = range(1, 9)
PROBE_EVERY = 24


@dataclass(frozen=True, slots=True)
class Plan:
    """How many tokens to check, and the seconds that this saves on average; 0 for both where it does not pay."""

    depth: int
    gain: float


NO_PLAN = Plan(0, 0.0)


class Policy(Protocol):
    """Decides how far to draft and to check."""

    def plan(self, evidence: Sequence[Evidence], base: int = 1) -> Plan:
        """For tokens with this evidence behind `base` tokens that are computed anyway."""

    def begins(self, rival: float) -> bool:
        """Whether the MTP layer should draft in this step, where the best free guess gains `rival` seconds."""

    def drafted(self, count: int, gain: float) -> None:
        """The layer has drafted so many tokens, and checking the best of them gains so many seconds."""

    def goes_on(self, evidence: Sequence[Evidence], following: Evidence) -> bool:
        """Whether one more token is worth drafting by the MTP layer behind those, of which there is one or more."""

    def saw(self, evidence: Evidence, held: bool) -> None:
        """A guess of this kind held, or did not; only of guesses whose predecessors held."""

    def passed(self, checked: int, tokens: int) -> None:
        """One pass checked so many drafts and brought so many tokens."""


class Adaptive:
    """The policy of a device with these costs, learning from every guess, checked or not."""

    def __init__(self, costs: Costs) -> None:
        self.costs = costs
        self._seen: dict[Evidence, list[float]] = {}
        self._counted: dict[Evidence, tuple[list[float], ...]] = {}
        self._passes: dict[int, float] = {}
        # Seconds that one token more is worth: what it would take to decode it.
        self._value = costs.of(1)
        # What drafting with the MTP layer has gained lately, its own cost taken off: at first what the best number of
        # drafts would gain that hold as often as such layers' do.
        self._layer_gain = max(
            sum(LAYER_PRIOR**place for place in range(1, 1 + drafts)) * costs.of(1)
            - (costs.of(1 + drafts) - costs.of(1))
            - drafts * costs.draft
            for drafts in LAYER_DRAFTS
        )
        self._idle = 0

    def probability(self, evidence: Evidence) -> float:
        """How likely a guess of this kind holds."""
        held, count = self._seen.get(evidence, (0.0, 0.0))
        return (held + PRIOR_WEIGHT * evidence.prior) / (count + PRIOR_WEIGHT)

    def plan(self, evidence: Sequence[Evidence], base: int = 1) -> Plan:
        """The depth with the largest gain."""
        plain, reach, saved, best = self._pass(base), 1.0, 0.0, NO_PLAN
        last, holds = None, 0.0
        for depth, kind in enumerate(evidence, 1):
            if kind is not last:  # most tokens of a long guess share theirs
                last, holds = kind, self.probability(kind)
            reach *= holds
            saved += reach * self._value
            gain = saved - (self._pass(base + depth) - plain)
            if gain > best.gain:
                best = Plan(depth, gain)
            # If all that follow held, and cost nothing: long guesses are many, and mostly end early.
            if gain + reach * self._value * (len(evidence) - depth) <= best.gain:
                break
        return best if best.gain > MARGIN * self._pass(1) else NO_PLAN

    def begins(self, rival: float) -> bool:
        """Where its gain exceeds the rival's; otherwise now and then, to see whether it has become better."""
        if self._layer_gain > rival:
            self._idle = 0
            return True
        self._idle += 1
        return self._idle % PROBE_EVERY == 0

    def drafted(self, count: int, gain: float) -> None:
        """Learn what the layer is worth. How sure it is of a chain is known only when it has drafted it."""
        self._layer_gain += LAYER_SHARE * (gain - count * self.costs.draft - self._layer_gain)

    def goes_on(self, evidence: Sequence[Evidence], following: Evidence) -> bool:
        """Whether the gain of drafting one more, and checking it, exceeds what drafting it costs."""
        reach, saved = 1.0, 0.0
        for kind in evidence:
            reach *= self.probability(kind)
            saved += reach * self._value
        plain, depth = self._pass(1), len(evidence)
        before = saved - (self._pass(1 + depth) - plain)
        # A later token may pay where this one alone does not: a pass of two costs much more than one, of three little.
        best, further = 0.0, self.probability(following)
        for more in (1, 2, 3, 4):
            reach *= further
            saved += reach * self._value
            gain = saved - (self._pass(1 + depth + more) - plain)
            best = max(best, gain - more * self.costs.draft)
        return best > max(0.0, before)

    def saw(self, evidence: Evidence, held: bool) -> None:
        """Count it, by itself and among all strengths."""
        both = self._counted.get(evidence)
        if both is None:
            kinds = (evidence, replace(evidence, strength=ANY))
            both = self._counted[evidence] = tuple(self._seen.setdefault(kind, [0.0, 0.0]) for kind in kinds)
        for seen in both:
            seen[0] = seen[0] * FADING + held
            seen[1] = seen[1] * FADING + 1

    def passed(self, checked: int, tokens: int) -> None:
        """Learn what a token costs now: with good drafts less than a pass, so that doubtful ones pay less."""
        each = self._pass(1 + checked) / max(1, tokens)
        self._value += VALUE_SHARE * (min(each, self._pass(1)) - self._value)

    def _pass(self, tokens: int) -> float:
        """Seconds of a pass, which is asked for several times a token."""
        known = self._passes.get(tokens)
        if known is None:
            known = self._passes[tokens] = self.costs.of(tokens)
        return known


class Always:
    """Checks everything up to a depth, for tests."""

    def __init__(self, depth: int) -> None:
        self._depth = depth

    def plan(self, evidence: Sequence[Evidence], base: int = 1) -> Plan:
        """All that there is."""
        return Plan(min(self._depth, len(evidence)), 1.0 if evidence else 0.0)

    def begins(self, rival: float) -> bool:
        """Where nothing else is guessed."""
        return self._depth > 0 and not rival

    def drafted(self, count: int, gain: float) -> None:
        """Nothing is learned."""

    def goes_on(self, evidence: Sequence[Evidence], following: Evidence) -> bool:
        """Up to the depth."""
        return len(evidence) < self._depth

    def saw(self, evidence: Evidence, held: bool) -> None:
        """Nothing is learned."""

    def passed(self, checked: int, tokens: int) -> None:
        """Nothing is learned."""

"""How much better the model predicts with each context: perplexity, exact lines, and how sure those differences are."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.context_bench.arms import ARMS, Arm
from mellum_ls.runtime.bench.measure import figure, percentile

RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Scored:
    """One case under all arms."""

    key: str
    tokens: int
    """Of the target."""
    nats: Mapping[Arm, float]
    """Natural logarithm of the target's probability."""
    exact: Mapping[Arm, bool | None]
    """Whether greedy decoding wrote the very line; None where it was not asked to."""
    prompt_tokens: Mapping[Arm, int]


def summary(scored: Sequence[Scored], seed: int = 0) -> dict[str, object]:
    """All figures of one case or more, JSON types only; intervals are 95 % of a bootstrap over cases."""
    samples = _samples(len(scored), seed)
    arms = {
        arm: {
            "perplexity": _with_interval(scored, samples, lambda some, arm=arm: perplexity(some, arm)),  # type: ignore[misc]
            "exact": _exact(scored, arm),
            "prompt_tokens_mean": figure(sum(one.prompt_tokens[arm] for one in scored) / len(scored)),
        }
        for arm in ARMS
    }
    return {
        "cases": len(scored),
        "target_tokens": sum(one.tokens for one in scored),
        "arms": arms,
        "ours_to_none": _with_interval(scored, samples, lambda some: ratio(some, "ours", "none")),
        "ours_to_open": _with_interval(scored, samples, lambda some: ratio(some, "ours", "open")),
        "share_of_oracle_gain": _with_interval(scored, samples, oracle_share),
    }


def perplexity(scored: Sequence[Scored], arm: Arm) -> float:
    """Of a target token; each case weighs as much as its target is long."""
    return math.exp(-sum(one.nats[arm] for one in scored) / sum(one.tokens for one in scored))


def ratio(scored: Sequence[Scored], arm: Arm, other: Arm) -> float:
    """One arm's perplexity over another's: below 1 it predicts better."""
    return perplexity(scored, arm) / perplexity(scored, other)


def oracle_share(scored: Sequence[Scored]) -> float:
    """Which part of what the definition itself gains over nothing ours gains; above 1 ours tells more than that."""
    gain = sum(one.nats["oracle"] - one.nats["none"] for one in scored)
    ours = sum(one.nats["ours"] - one.nats["none"] for one in scored)
    return ours / gain if gain else math.nan


def _exact(scored: Sequence[Scored], arm: Arm) -> dict[str, float] | None:
    asked = [one.exact[arm] for one in scored if one.exact[arm] is not None]
    return {"cases": len(asked), "share": figure(sum(map(bool, asked)) / len(asked))} if asked else None


def _samples(count: int, seed: int) -> list[list[int]]:
    chance = random.Random(seed)
    return [[chance.randrange(count) for _ in range(count)] for _ in range(RESAMPLES)]


def _with_interval(
    scored: Sequence[Scored], samples: Sequence[Sequence[int]], of: Callable[[Sequence[Scored]], float]
) -> dict[str, float | None]:
    values = [value for sample in samples if not math.isnan(value := of([scored[index] for index in sample]))]
    low, high = percentile(values, 2.5), percentile(values, 97.5)
    whole = of(scored)
    return {
        "value": None if math.isnan(whole) else figure(whole),
        "low": None if low is None else figure(low),
        "high": None if high is None else figure(high),
    }

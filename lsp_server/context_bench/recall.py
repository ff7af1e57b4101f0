"""Whether the code that defines what comes next is in the context, and what choosing it costs. Needs no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.context_bench.arms import Choose, Context, size_of
from mellum_ls.lsp_server.context_bench.cases import Case, Defined
from mellum_ls.runtime.bench.measure import figure, percentile


@dataclass(frozen=True, slots=True)
class Found:
    """What one contender chose for one case at one budget."""

    case: Case
    budget: int
    """Tokens."""
    hit: bool
    chars: int
    milliseconds: float


def shows(context: Context, defined: Defined) -> bool:
    """Whether a piece of the defining file holds the definition's head, as it is written there or in a skeleton."""
    heads = [squeezed for head in (defined.signature, defined.head) if (squeezed := _squeezed(head))]
    return any(path == defined.path and any(head in _squeezed(text) for head in heads) for path, text in context)


def look(
    cases: Iterable[Case],
    choose: Callable[[str], Choose],
    budgets: Sequence[int],
    chars_per_token: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterable[Found]:
    """Choose for each case at each budget of tokens; `choose` gives the contender for a package."""
    for case in cases:
        contender = choose(case.package)
        for budget in budgets:
            started = clock()
            context = contender(case, int(budget * chars_per_token))
            took = (clock() - started) * 1000
            hit = any(shows(context, one) for one in case.definitions)
            yield Found(case, budget, hit, sum(size_of(*piece) for piece in context), took)


def summary(found: Sequence[Found]) -> dict[str, object]:
    """Recall by budget: over all, by package and by language; JSON types only."""
    return {
        "cases": len({one.case.key for one in found}),
        "recall": _by_budget(found),
        "by_package": _by(found, lambda one: one.case.package),
        "by_language": _by(found, lambda one: one.case.language),
    }


def _by(found: Sequence[Found], of: Callable[[Found], str]) -> dict[str, object]:
    return {key: _by_budget([one for one in found if of(one) == key]) for key in sorted(set(map(of, found)))}


def _by_budget(found: Sequence[Found]) -> dict[str, object]:
    return {
        str(budget): _figures([one for one in found if one.budget == budget])
        for budget in sorted({one.budget for one in found})
    }


def _figures(found: Sequence[Found]) -> dict[str, float]:
    times = [one.milliseconds for one in found]
    return {
        "cases": len(found),
        "recall": figure(sum(one.hit for one in found) / len(found)),
        "chars_mean": figure(sum(one.chars for one in found) / len(found)),
        "milliseconds_p50": figure(percentile(times, 50) or 0.0),
        "milliseconds_p95": figure(percentile(times, 95) or 0.0),
    }


def _squeezed(text: str) -> str:
    """One blank between words, and nothing that opens a body at the end."""
    return " ".join(text.split()).rstrip("{: ")

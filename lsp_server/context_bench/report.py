"""The figures of `mellum-ls bench context` as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(found: Mapping[str, Any]) -> str:
    """The tables for people; every number of them is in the JSON too."""
    budgets = [str(budget) for budget in found["budgets"]]
    lines = [
        f"Recall of the defining code, {found['recall']['ours']['cases']} cases, "
        f"{found['chars_per_token']} characters to a token",
        "",
        _row("contender", *(f"{budget} tokens" for budget in budgets), "ms p50", "ms p95"),
        _row(*["---"] * (len(budgets) + 3)),
    ]
    for arm, figures in found["recall"].items():
        overall = figures["recall"]
        last = overall[budgets[-1]]
        shares = (_percent(overall[budget]["recall"]) for budget in budgets)
        lines.append(_row(arm, *shares, last["milliseconds_p50"], last["milliseconds_p95"]))
    for by in ("by_language", "by_package"):
        lines += ["", _row(by.removeprefix("by_"), "cases", *(f"{budget} tokens" for budget in budgets))]
        lines.append(_row(*["---"] * (len(budgets) + 2)))
        for name, overall in found["recall"]["ours"][by].items():
            shares = (_percent(overall[budget]["recall"]) for budget in budgets)
            lines.append(_row(name, overall[budgets[0]]["cases"], *shares))
    if found.get("quality"):
        lines += _quality(found["quality"], found["model"])
    return "\n".join(lines)


def _quality(quality: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        f"{quality['cases']} targets, {quality['target_tokens']} tokens, under {model['name']} with "
        f"{model['budget']} tokens of context",
        "",
        _row("contender", "perplexity", "95 %", "exact lines", "prompt tokens"),
        _row(*["---"] * 5),
    ]
    for arm, figures in quality["arms"].items():
        exact = figures["exact"]
        value, between = _interval(figures["perplexity"])
        lines.append(
            _row(arm, value, between, "-" if exact is None else _percent(exact["share"]), figures["prompt_tokens_mean"])
        )
    for name, words in (
        ("ours_to_none", "perplexity of ours over that of no context"),
        ("ours_to_open", "perplexity of ours over that of open files"),
        ("share_of_oracle_gain", "share of the oracle's gain"),
    ):
        value, between = _interval(quality[name])
        lines += ["", f"{words}: {value} ({between})"]
    return lines


def _interval(figures: Mapping[str, Any]) -> tuple[str, str]:
    return str(figures["value"]), f"{figures['low']} to {figures['high']}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"

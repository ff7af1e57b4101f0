"""What was measured of drafting as a table. Knows figures only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(found: Mapping[str, Any]) -> str:
    """Lines for people: a workload in each row; ratios above 1 mean that drafting is faster."""
    passes = ", ".join(f"{size}: {cost} ms" for size, cost in found["costs_ms"].items())
    lines = [
        f"{found['prompts']} prompts of each workload; passes by tokens: {passes}",
        f"a token drafted by the MTP layer: {found['draft_ms']} ms",
        "",
        f"{'workload':<10}{'faster':>8}{'median':>8}{'q1':>7}{'q3':>7}{'tokens':>8}{'a step':>8}{'accepted':>10}"
        "  by source and place",
    ]
    for name, figures in found["workloads"].items():
        ratio = figures["ratio"]
        sources = "; ".join(
            f"{source} {counted['accepted']}/{counted['drafted']}"
            f" ({' '.join(f'{share:.2f}' for share in counted['acceptance_by_place'])})"
            for source, counted in figures["sources"].items()
        )
        accepted = "-" if figures["acceptance"] is None else f"{figures['acceptance']:.2f}"
        lines.append(
            f"{name:<10}{figures['ratio_of_totals']:>7.2f}x{ratio['median']:>7.2f}x"
            f"{ratio['q1']:>7.2f}{ratio['q3']:>7.2f}"
            f"{figures['tokens_mean']:>8.1f}{figures['tokens_per_step'] or 0:>8.2f}{accepted:>10}  {sources}"
        )
    differing = [_differing(name, figures, found["prompts"]) for name, figures in found["workloads"].items()]
    if any(differing):
        lines += ["", "Of tokens with nearly equal scores one or several rows at a time may take either:"]
        lines += [line for line in differing if line]
    return "\n".join(lines)


def _differing(name: str, figures: Mapping[str, Any], prompts: int) -> str:
    """Which answers of a workload differ, and what the others say; empty where none does."""
    if not figures["different"]:
        return ""
    numbers, ratio = ", ".join(map(str, figures["different_prompts"])), figures["ratio_of_totals_same"]
    others = "no answer is the same" if ratio is None else f"the others are {ratio:.2f} times as fast"
    return f"{figures['different']} of {prompts} answers of {name} differ (prompts {numbers}); {others}"

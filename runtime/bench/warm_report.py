"""The figures of a key press as text for people."""

from collections.abc import Mapping
from typing import Any

from mellum_ls.runtime.bench.report import HEADER, machine_line, page, spread_row

FIGURES = {"first_token_ms": "first token ms", "total_ms": "whole ms"}


def table(found: Mapping[str, Any]) -> str:
    """Lines for a terminal, from what `warm.measure` found."""
    against, computed = found["against"], found["computed_tokens"]
    facts = {
        "model": f"{found['model']}, {found['parameters']:,} parameters, {found['dtype']} on {found['device']}",
        "machine": machine_line(found["machine"], found["threads"], found["threads_for_many"]),
        "measured": f"{found['repeats']} keys behind {found['context']} tokens of code, {found['tokens']} new tokens "
        "each, the same from all",
        "computed": f"{computed['median']:g} prompt tokens a key with a warm cache, at most {computed['max']:g}",
    }
    if against is not None:
        facts["against"] = (
            f"{against['name']} {against['version']}, attention {against['attention']}, experts {against['experts']}; "
            "its cache kept and cut to what the prompts share"
        )
    for name, times in found["subjects"].items():
        facts[name] = ", ".join(
            f"{label} p50 {times[key]['p50']:g}, p95 {times[key]['p95']:g}" for key, label in FIGURES.items()
        )
    rows: list[tuple[str, ...]] = [HEADER]
    for name, times in found["subjects"].items():
        rows += [spread_row(f"{name} {label}", times[key]["spread"]) for key, label in FIGURES.items()]
    return page(f"mellum-ls bench {found['benchmark']}", facts, rows)

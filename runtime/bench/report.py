"""The figures as text for people: medians with their spread, the machine, and never a bare number."""

from collections.abc import Mapping, Sequence
from typing import Any

NAMES = {"tok_s": "decode tok/s", "prefill_tok_s": "prefill tok/s"}
HEADER = ("", "median", "quartiles", "min..max")


def table(found: Mapping[str, Any]) -> str:
    """Lines for a terminal, from what `decode.measure` found."""
    against = found["against"]
    facts = {
        "model": f"{found['model']}, {found['parameters']:,} parameters as {found['format']}, "
        f"{found['dtype']} on {found['device']}",
        "machine": machine_line(found["machine"], found["threads"], found["threads_for_many"]),
        "measured": f"{found['context']} prompt tokens, {found['tokens']} new ones, {found['repeats']} repeats",
        "bytes per token": f"{found['bytes_per_token']:,} read, {found['read_gb_s']:g} GB/s at the median",
        "tokens per step": f"{found['tokens_per_step']:g}, acceptance {or_dash(found['acceptance'])}",
    }
    if against is not None:
        facts["against"] = (
            f"{against['name']} {against['version']}, attention {against['attention']}, experts {against['experts']}; "
            f"same {found['tokens']} tokens in every run"
        )
    rows = [HEADER, *_rows("mellum-ls", found["spread"])]
    drafted = found["drafted"]
    if drafted is not None:
        if drafted["different"]:
            facts["with drafts"] = f"other tokens in {drafted['different']} of {found['repeats']} runs, as many"
        rows += [*_rows("with drafts", drafted["spread"]), *_rows("ratio of drafting", drafted["ratio"])]
    if against is not None:
        rows += _rows(against["name"], against["spread"])
        rows += _rows("ratio", against["ratio"])
    return page(f"mellum-ls bench {found['benchmark']}", facts, rows)


def page(title: str, facts: Mapping[str, str], rows: Sequence[Sequence[str]]) -> str:
    """The title, the circumstances of the measurement by name, and the figures in columns."""
    width = max(len(name) for name in facts)
    lines = [title, *(f"{name:<{width}}  {fact}" for name, fact in facts.items())]
    return "\n".join([*lines, "", *_aligned(rows)])


def machine_line(machine: Mapping[str, Any], threads: int, threads_for_many: int) -> str:
    """What `describe_machine` found, and the threads that one token and several were computed on."""
    more = f" ({threads_for_many} for several tokens)" if threads_for_many != threads else ""
    accelerator = f", {machine['accelerator']}" if machine["accelerator"] else ""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, threads {threads}{more}, "
        f"load {or_dash(machine['load_average'])} before{accelerator}"
    )


def spread_row(label: str, spread: Mapping[str, float]) -> tuple[str, ...]:
    """A row under HEADER, from `Spread.figures`."""
    return (
        label,
        _short(spread["median"]),
        f"{_short(spread['q1'])}..{_short(spread['q3'])}",
        f"{_short(spread['min'])}..{_short(spread['max'])}",
    )


def or_dash(value: object) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None else str(value)


def _rows(subject: str, spreads: Mapping[str, Mapping[str, float]]) -> list[tuple[str, ...]]:
    return [spread_row(f"{subject} {NAMES[name]}", spread) for name, spread in spreads.items()]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"

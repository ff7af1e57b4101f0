"""Indentation: which step a document is indented by, and a suggestion brought to that step. Pure functions on text.

Judges by white space and block openers only, and leaves alone what does not tell. Knows no document and no settings.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

from mellum_ls.lsp_server.rules.shape import expects_deeper

TAB = "\t"
_WIDEST = 8
# Steps that people indent by, and how often each must be seen: the rare ones are mostly arguments put below others.
_LEAST_SEEN = {TAB: 1, "  ": 1, "    ": 1, "   ": 3, " " * 8: 3}
_QUOTE = re.compile(r"""\\.|\"{3}|'{3}|["'`]|\n""", re.DOTALL)
_LONG = ('"""', "'''", "`")


def unit_wanted(tab_size: int | None, insert_spaces: bool | None) -> str:
    """One step of indentation as an editor's formatting options say it; empty where they do not."""
    if insert_spaces is None:
        return ""
    if not insert_spaces:
        return TAB
    return " " * tab_size if tab_size is not None and 1 <= tab_size <= _WIDEST else ""


def unit_of(lines: Iterable[str], default: str = "") -> str:
    """The step by which `lines` are indented, a tab or blanks; `default` where they do not tell or do not agree.

    Empty for a document in which tabs and blanks do the same work.
    """
    seen: Counter[str] = Counter()
    above, tabs = "", False
    for line in lines:
        lead = lead_of(line)
        if len(lead) == len(line.rstrip("\r\n")):
            continue
        tabs = tabs or TAB in lead
        step = lead.removeprefix(above)
        if step != lead or not above:
            seen[TAB if set(step) == {TAB} else step] += 1
        above = lead
    steps = {step: count for step, count in seen.items() if count >= _LEAST_SEEN.get(step, math.inf)}
    first, second = [*Counter(steps).most_common(2), ("", 0), ("", 0)][:2]
    if tabs and first[0] != TAB:
        return ""  # its tabs stand for several steps: nobody can say which blanks they should be
    return first[0] if first[1] >= 2 * second[1] and first[0] else default


def lead_of(line: str) -> str:
    """The white space that `line` begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def open_literal(before: str) -> str:
    """The quote over several lines that is open at the end of `before`, empty if none is. Counts, does not parse."""
    return next((quote for quote in _LONG if before.count(quote) % 2), "")


def reindent(text: str, before: str, previous: str, unit: str, literal: str = "") -> str:
    """`text` at a cursor behind `before` with the steps of `unit`, where it is indented by others.

    `previous` is the line above, `literal` the quote over several lines that the cursor is in. Lines inside such quotes
    stay as they are. So does a text whose steps do not tell what they are, or whose place is itself indented otherwise.
    """
    base = lead_of(before)
    if not unit or not text.strip() or ((TAB in base) if unit != TAB else (" " in base)):
        return text
    lines = text.split("\n")
    fixed = _inside_literals(text, literal)
    movable = [number for number in range(0 if not before.strip() else 1, len(lines)) if number not in fixed]
    movable = [number for number in movable if lines[number].strip()]
    if unit == TAB:
        return "\n".join(_to_tabs(lines, movable))
    return "\n".join(_to_blanks(lines, movable, before, previous, unit))


def _inside_literals(text: str, literal: str) -> set[int]:
    """The numbers of the lines of `text` that begin inside a quote over several lines."""
    inside = {0} if literal else set()
    quote, number = literal, 0
    for found in _QUOTE.finditer(text):
        mark = found.group()
        if mark == "\n":
            number += 1
            if quote in _LONG:
                inside.add(number)
            else:
                quote = ""
        elif mark[0] == "\\":
            continue
        elif not quote:
            quote = mark
        elif mark == quote:
            quote = ""
    return inside


def _to_tabs(lines: list[str], movable: list[int]) -> list[str]:
    """Blanks that lines begin with, or have behind their tabs, become tabs where they are whole steps."""
    leads = {number: lead_of(lines[number]) for number in movable}
    widths = [len(lead.lstrip(TAB)) for lead in leads.values() if " " in lead]
    step = next((size for size in (4, 2, 3) if widths and math.gcd(*widths) % size == 0), 0)
    if not step or any(TAB in lead.lstrip(TAB) for lead in leads.values()):
        return lines  # what is left are blanks that put one thing below another
    changed = list(lines)
    for number, lead in leads.items():
        blanks = len(lead.lstrip(TAB))
        changed[number] = lead[: len(lead) - blanks] + TAB * (blanks // step) + lines[number][len(lead) :]
    return changed


def _to_blanks(lines: list[str], movable: list[int], before: str, previous: str, unit: str) -> list[str]:
    """Tabs become steps of blanks; steps of another width, measured where a line opens a block, become the unit's."""
    changed = list(lines)
    for number in movable:
        lead = lead_of(lines[number])
        changed[number] = lead.replace(TAB, unit) + lines[number][len(lead) :]
    whole = [before + changed[0], *changed[1:]]
    above = [] if before.strip() or not expects_deeper(previous) else [previous]
    step, anchor = _step_of([*above, *(line for line in whole if line.strip())])
    if step in (0, len(unit)):
        return changed
    for number in movable:
        width = len(lead_of(whole[number]))
        if width > anchor:
            deeper, rest = divmod(width - anchor, step)
            width = anchor + deeper * len(unit) + rest
        own = max(0, width - len(before)) if number == 0 else width
        changed[number] = " " * own + changed[number].lstrip(" ")
    return changed


def _step_of(lines: list[str]) -> tuple[int, int]:
    """How many blanks the lines are deeper than the lines that open their blocks, 0 if they differ, and the first's."""
    widths = [len(lead_of(line)) for line in lines]
    steps = {
        below - above
        for line, above, below in zip(lines, widths, widths[1:], strict=False)
        if expects_deeper(line) and below > above
    }
    step = steps.pop() if len(steps) == 1 else 0
    return (step if " " * step in _LEAST_SEEN else 0), widths[0]

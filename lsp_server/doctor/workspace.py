"""The files of a workspace folder as the context engine sees them: how many are read, which are left out, and why.

Opens every file that may be opened, as building the index does, until its time is up; keeps no text.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.workspace.reading import Refused, read
from mellum_ls.context.workspace.walk import Found, Walk
from mellum_ls.lsp_server.doctor.checks import Check, size

READ_SECONDS = 4.0
MOST_NAMED = 20
# What is no decision of anybody: the user may not know of it.
TROUBLE = {
    "may not be opened": "give yourself the right to read them, or exclude them",
    "cannot be opened": "look at the disk that they lie on",
}


@dataclass(slots=True)
class Reason:
    """How often something was left out for one reason, and the first names."""

    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, path: str, reason: str) -> None:
        """Count one file or folder; a reason with figures is said behind its name."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(f"{path} {reason}" if re.search(r"\d", reason) else path)


@dataclass(slots=True)
class Survey:
    """What reading the files gave."""

    readable: int = 0
    num_bytes: int = 0
    parsed: int = 0
    """Of the readable ones those in a language that can be parsed."""
    unopened: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    secrets: Reason = field(default_factory=Reason)

    def refuse(self, path: str, reason: str) -> None:
        """Note a file that is left out; reasons that differ in their figures only are one."""
        self.reasons.setdefault(re.sub(r"\d+", "...", reason), Reason()).add(path, reason)


def checks(
    root: Path, *, read_seconds: float = READ_SECONDS, clock: Callable[[], float] = time.monotonic
) -> list[Check]:
    """The group for the folder `root`."""
    if not os.path.isdir(root):
        return [Check("folder", "failure", f"{root} is no folder that can be looked into", "name one with --workspace")]
    gate = Gate(root)
    walk = Walk(gate)
    found = list(walk)
    survey = look_into(found, gate, clock() + read_seconds, clock)
    for skipped in walk.skipped:
        survey.refuse(skipped.path, skipped.reason)
    # The walk names the first ones only and counts all.
    for reason, count in walk.reasons.items():
        survey.reasons[re.sub(r"\d+", "...", reason)].count += count - _named(walk, reason)
    return [_files(gate.root, survey, walk.is_whole), *_time(survey, read_seconds), *_left_out(survey)]


def look_into(files: Iterable[Found], gate: Gate, end: float, clock: Callable[[], float]) -> Survey:
    """Open the files one after the other until `clock` says `end`. Raises nothing for what it meets."""
    survey = Survey()
    for file in files:
        if clock() >= end:
            survey.unopened += 1
            continue
        text = read(file.path, gate)
        if isinstance(text, Refused):
            survey.refuse(file.path, text.reason)
            continue
        survey.readable += 1
        survey.num_bytes += text.size
        survey.parsed += grammar_of(file.path) is not None
        if text.redactions:
            survey.secrets.add(file.path, f"({text.redactions})")
    return survey


def _named(walk: Walk, reason: str) -> int:
    return sum(skipped.reason == reason for skipped in walk.skipped)


def _files(root: Path, survey: Survey, is_whole: bool) -> Check:
    says = (
        f"{root}: {survey.readable:,} files are read, {size(survey.num_bytes)}, "
        f"{survey.parsed:,} of them in a language that can be parsed"
    )
    if not is_whole:
        remedy = "open a folder further down, or write what is not needed into .mellumignore"
        return Check("files", "warning", f"{says}; there are more than can be taken", remedy)
    return Check("files", "ok", says)


def _time(survey: Survey, read_seconds: float) -> list[Check]:
    if not survey.unopened:
        return []
    says = f"{survey.unopened:,} more were not opened here: {read_seconds:g} s were over"
    return [Check("time", "note", says)]


def _left_out(survey: Survey) -> list[Check]:
    listed = []
    for reason, found in sorted(survey.reasons.items(), key=lambda item: (-item[1].count, item[0])):
        remedy = TROUBLE.get(reason, "")
        listed.append(
            Check("left out", "warning" if remedy else "note", _count(found.count, reason), remedy, _names(found))
        )
    if survey.secrets.count:
        says = f"{survey.secrets.count:,} files hold what looks like secrets; placeholders are read in their place"
        listed.append(Check("secrets", "note", says, "", _names(survey.secrets)))
    return listed


def _count(count: int, reason: str) -> str:
    return f"{count:,} each of which {reason}" if count > 1 else f"1 that {reason}"


def _names(found: Reason) -> tuple[str, ...]:
    more = found.count - len(found.named)
    return (*found.named, f"and {more:,} more") if more else tuple(found.named)

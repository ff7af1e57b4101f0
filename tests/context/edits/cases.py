"""Cases of one edit that asks for others, made from the templates beside this file; the same ones every time.

In a template `⟦old|new⟧` is what the user changes, `⟨old|new⟩` what that asks for, and everything else has to stay as
it is, however much it looks alike. `$f1`, `$C1` and their like are names, chosen by the seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.types import Proposal

_TEMPLATES = Path(__file__).parent / "templates"
_MARK = re.compile(r"⟦([^⟦⟧⟨⟩|]*)\|([^⟦⟧⟨⟩|]*)⟧|⟨([^⟦⟧⟨⟩|]*)\|([^⟦⟧⟨⟩|]*)⟩")
_NAME = re.compile(r"\$([fvmaCKF])(\d)")
_WORDS = (
    "amount answer batch border branch bucket budget cargo channel circle column cookie corner counter degree depth "
    "detail device draft driver engine entry factor figure filter folder frame garden handle height holder invoice "
    "journal kernel label layer ledger margin marker member message offset option origin output "
    "packet parcel period person pillar planet player pocket portal prefix priority profile quarter query radius "
    "record region report result reward sample scanner schema season signal sketch socket source spread station "
    "stream student suffix surface target ticket token tower tunnel vector vehicle version volume weight window"
)
_VERBS = (
    "apply build check close collect compute convert count create decode drop encode expand fetch find fold gather "
    "join load mark measure merge move parse pick plan print_out read_in render reset resolve scan send "
    "show_all shift sort_out split start stop store sum_up sweep take trace trim update verify visit wrap write_down"
)
_SNAKE = frozenset({"python"})


@dataclass(frozen=True)
class Case:
    """One template with names."""

    name: str
    language: str
    path: str
    """The file that the user edits."""
    before: dict[str, str]
    """All files."""
    states: tuple[str, ...]
    """The texts of the edited file, from before the first edit to after the last."""
    after: dict[str, str]
    line: int
    column: int
    """The cursor, where the last edit ended."""
    wanted: dict[str, tuple[tuple[int, int, str], ...]]
    """By file: offset in its text after the edit, length and what has to stand there."""
    pause: float
    """Seconds between two edits."""

    def log(self) -> EditLog:
        """The history that the user's edits leave."""
        log, at = EditLog(), 100.0
        for old, new in zip(self.states, self.states[1:], strict=False):
            log.note(self.path, old, new, at)
            at += self.pause
        return log

    @property
    def count(self) -> int:
        """How many edits are wanted."""
        return sum(len(sites) for sites in self.wanted.values())

    def meets(self, proposal: Proposal) -> frozenset[tuple[str, int]]:
        """The wanted places that a proposal changes as wanted; empty where it changes anything else."""
        text = self.after.get(proposal.path)
        if text is None:
            return frozenset()
        result = apply(text, proposal)
        sites = self.wanted.get(proposal.path, ())
        groups = [[site] for site in sites]
        for line in {text.count("\n", 0, at) for at, _, _ in sites}:
            groups.append([site for site in sites if text.count("\n", 0, site[0]) == line])
        for group in groups:
            changed = text
            for at, length, new in sorted(group, reverse=True):
                changed = changed[:at] + new + changed[at + length :]
            if changed == result:
                return frozenset((proposal.path, at) for at, _, _ in group)
        return frozenset()

    def reverts(self, proposal: Proposal) -> bool:
        """Whether the edited file would be again as it was at some time before."""
        return proposal.path == self.path and apply(self.after[self.path], proposal) in self.states


def apply(text: str, proposal: Proposal) -> str:
    """The text with a proposal made; raises AssertionError where it does not stand there."""
    span, lines = proposal.span, text.split("\n")
    start = sum(len(line) + 1 for line in lines[: span.start_line]) + span.start_column
    end = sum(len(line) + 1 for line in lines[: span.end_line]) + span.end_column
    assert text[start:end] == proposal.old, proposal
    return text[:start] + proposal.new + text[end:]


def cases(seeds: int) -> Iterator[Case]:
    """Every template with `seeds` choices of names."""
    for path in sorted(_TEMPLATES.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, body = block.partition("\n")
            for seed in range(seeds):
                yield _case(f"{path.stem}: {name} ({seed})", path.stem, body, seed)


def _case(name: str, language: str, body: str, seed: int) -> Case:
    chosen = random.Random(f"{name} {seed}")
    names = _Names(chosen, language)
    body = _NAME.sub(lambda match: names.of(match.group(1), match.group(2)), body)
    files = {}
    for part in re.split(r"^--- ", body, flags=re.MULTILINE)[1:]:
        path, _, text = part.partition("\n")
        files[path.strip()] = text
    edited = next(path for path, text in files.items() if "⟦" in text)
    states = _states(files[edited])
    after = {path: _rendered(text, 1) for path, text in files.items()}
    head = _rendered(files[edited][: files[edited].rindex("⟧") + 1], 1)
    column = len(head) - head.rfind("\n") - 1
    return Case(
        name,
        language,
        edited,
        {path: _rendered(text, 0) for path, text in files.items()},
        states,
        after,
        head.count("\n"),
        column,
        {path: sites for path, text in files.items() if (sites := _wanted(text))},
        chosen.choice((0.5, 30.0)),
    )


def _rendered(text: str, edited: int) -> str:
    """The text before or after what the user does; nothing of what that asks for is done."""
    return _MARK.sub(lambda m: m.group(3) if m.group(3) is not None else (m.group(1), m.group(2))[edited], text)


def _states(text: str) -> tuple[str, ...]:
    edits = text.count("⟦")
    states = []
    for done in range(edits + 1):
        count = iter(range(edits))
        states.append(
            _MARK.sub(
                lambda m, count=count, done=done: (  # type: ignore[misc]
                    m.group(3) if m.group(3) is not None else m.group(2) if next(count) < done else m.group(1)
                ),
                text,
            )
        )
    return tuple(states)


def _wanted(text: str) -> tuple[tuple[int, int, str], ...]:
    found = []
    for match in _MARK.finditer(text):
        if match.group(3) is not None:
            at = len(_rendered(text[: match.start()], 1))
            found.append((at, len(match.group(3)), match.group(4)))
    return tuple(found)


class _Names:
    def __init__(self, chosen: random.Random, language: str) -> None:
        self._words = chosen.sample(_WORDS.split(), len(_WORDS.split()))
        self._verbs = chosen.sample(_VERBS.split(), len(_VERBS.split()))
        self._chosen = chosen
        self._snake = language in _SNAKE
        self._known: dict[str, str] = {}

    def of(self, kind: str, number: str) -> str:
        key = kind + number
        if key not in self._known:
            self._known[key] = self._new(kind)
        return self._known[key]

    def _new(self, kind: str) -> str:
        words = self._words.pop().split("_")
        if kind in "fmF":
            words = [*self._verbs.pop().split("_"), *words] if self._chosen.random() < 0.5 else words
        elif kind == "C" or self._chosen.random() < 0.3:
            words = [*words, self._words.pop()]
        if kind == "K":
            return "_".join(words).upper()
        if kind in "CF":
            return "".join(word.title() for word in words)
        return "_".join(words) if self._snake else words[0] + "".join(word.title() for word in words[1:])

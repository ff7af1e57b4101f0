"""Which pieces of real code are deleted and typed again: a seeded choice, the same on every machine.

Knows Python's tokens, since only code is worth typing again: no comments, docstrings or imports.
"""

from __future__ import annotations

import io
import random
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mellum_ls.lsp_server.demo.sources import Source

Kind = Literal["rest", "line", "block"]
KINDS: tuple[Kind, ...] = ("rest", "line", "block")
# One round of the demo: the rest of a line is the commonest thing that people let a model write.
ROUND: tuple[Kind, ...] = ("rest", "line", "rest", "block", "rest", "line", "block")
MAX_COLUMNS = 72  # so that a line and its number fit a terminal of 80 columns
MAX_CHARS_ABOVE = 3_500  # the model reads all of it anew at every place: keep the first answer quick
LEAST_CHARS_ABOVE = 300
LEAST_TRUTH = 6
BLOCK_LINES = (2, 3)
EDITS_PER_FILE = 4
_NOT_CODE = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.COMMENT}
)
_DULL = frozenset({"import", "from", "@", "pass", "else", "try", "__all__"})


@dataclass(frozen=True, slots=True)
class Edit:
    """`truth`, which stands at string offset `start` of a file, is deleted and typed again."""

    path: str
    kind: Kind
    start: int
    truth: str


def choose(sources: Sequence[Source], count: int, seed: int) -> list[Edit]:
    """At most `count` edits, at most EDITS_PER_FILE of one file; kinds take turns as in ROUND where they can.

    Edits of a file stand together, from its top down. Files that are no Python are passed over.
    """
    picker = random.Random(seed)
    files = sorted(sources, key=lambda source: source.path)
    picker.shuffle(files)
    places = {source.path: _places(source) for source in files}
    chosen: list[Edit] = []
    for turn in range(count):
        kind = ROUND[turn % len(ROUND)]
        edit = _next(files, places, chosen, picker, kind)
        if edit is None:
            break
        chosen.append(edit)
    order = {source.path: number for number, source in enumerate(files)}
    return sorted(chosen, key=lambda edit: (order[edit.path], edit.start))


def _next(
    files: Sequence[Source],
    places: dict[str, dict[Kind, list[Edit]]],
    chosen: Sequence[Edit],
    picker: random.Random,
    wanted: Kind,
) -> Edit | None:
    """An edit of the wanted kind, or of another where there is none left, in the first file that has room."""
    taken = defaultdict(list)
    for edit in chosen:
        taken[edit.path].append(edit)
    for kind in (wanted, *(other for other in KINDS if other != wanted)):
        for source in files:
            if len(taken[source.path]) >= EDITS_PER_FILE:
                continue
            free = [place for place in places[source.path][kind] if _is_apart(place, taken[source.path])]
            if free:
                return picker.choice(free)
    return None


def _is_apart(place: Edit, others: Iterable[Edit]) -> bool:
    """Whether no other edit of the file is near enough that one would see the other happen."""
    return all(abs(place.start - other.start) > 2 * MAX_COLUMNS * max(BLOCK_LINES) for other in others)


def _places(source: Source) -> dict[Kind, list[Edit]]:
    lines = source.text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found: dict[Kind, list[Edit]] = {"rest": [], "line": [], "block": []}
    tokens = {} if "\t" in source.text else _tokens_by_line(source.text)
    tokens = {number: columns for number, columns in tokens.items() if _is_tidy(lines[number])}
    for number, columns in tokens.items():
        start = starts[number]
        if not LEAST_CHARS_ABOVE <= start <= MAX_CHARS_ABOVE:
            continue
        line = lines[number]
        indent = columns[0]
        if len(line) - indent >= 2 * LEAST_TRUTH:
            found["line"].append(Edit(source.path, "line", start + indent, line[indent:]))
        for column in columns[1 : 1 + len(columns) // 2]:
            if len(line) - column >= LEAST_TRUTH and column - indent >= 4:
                found["rest"].append(Edit(source.path, "rest", start + column, line[column:]))
        for size in BLOCK_LINES:
            rows = [tokens.get(row, [-1]) for row in range(number, number + size)]
            if indent and all(row[0] >= indent for row in rows):
                block = "\n".join(lines[number : number + size])
                found["block"].append(Edit(source.path, "block", start + indent, block[indent:]))
    return found


def _is_tidy(line: str) -> bool:
    return len(line) <= MAX_COLUMNS and line == line.rstrip()


def _tokens_by_line(text: str) -> dict[int, list[int]]:
    """Where the tokens of each line of plain code start, by zero-based line number; {} for no Python."""
    columns: dict[int, list[int]] = defaultdict(list)
    first: dict[int, tokenize.TokenInfo] = {}
    unfit: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            number = token.start[0] - 1
            if token.end[0] != token.start[0]:
                unfit.update(range(number, token.end[0]))
            if token.type == tokenize.COMMENT:
                unfit.add(number)
            if token.type in _NOT_CODE:
                continue
            first.setdefault(number, token)
            columns[number].append(token.start[1])
    except (tokenize.TokenError, SyntaxError):
        return {}
    for number, token in first.items():
        if token.type == tokenize.STRING or token.string in _DULL:
            unfit.add(number)
    return {number: found for number, found in columns.items() if number not in unfit}

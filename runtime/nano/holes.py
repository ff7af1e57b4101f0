"""Cuts holes into held-out files: where the cursor stands, what stood after it, what the model may see.

Decides which places count; knows no model. Cursor kinds of single-line holes: `line_start` (after the
indent), `boundary` (between two Python tokens), `identifier` (inside a name); `mid_token` holes stand inside
one token of the model's own vocabulary; `block` holes are the whole body of a statement.
"""

import ast
import io
import itertools
import random
import tokenize
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.heldout import order, take_turns

Kind = Literal["line_start", "boundary", "identifier", "mid_token", "block"]
LINE_KINDS: tuple[Kind, ...] = ("line_start", "boundary", "identifier")
PREFIX_CHARS = 2000
SUFFIX_CHARS = 1000
HOLES_PER_FILE = 6
BLOCK_LINES = range(2, 9)
BLOCK_OWNERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.For, ast.While, ast.If, ast.With, ast.Try)
FILE_CHARS = 100_000  # longer files are tables or generated
CODE_TOKENS = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
FSTRING_END = getattr(tokenize, "FSTRING_END", -1)
# Where a token of the model's vocabulary begins, as offsets into the text: the tokenizer's half of
# `mid_token`.
TokenStarts = Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Hole:
    """The text of `file` from offset `start` to `end` is missing; `kind` says where that is."""

    file: SourceFile
    kind: Kind
    start: int
    end: int

    @property
    def target(self) -> str:
        """What stood in the hole."""
        return self.file.text[self.start : self.end]

    @property
    def prefix(self) -> str:
        """The last PREFIX_CHARS before the hole, in whole lines."""
        return tail(self.file.text[: self.start], PREFIX_CHARS)

    @property
    def suffix(self) -> str:
        """The first SUFFIX_CHARS after the hole, in whole lines."""
        return head(self.file.text[self.end :], SUFFIX_CHARS)

    def filled(self, suggestion: str) -> str:
        """The whole file with the suggestion in the hole."""
        return self.file.text[: self.start] + suggestion + self.file.text[self.end :]


def tail(text: str, limit: int) -> str:
    """The last `limit` characters or fewer, from a line start on where there is one."""
    if len(text) <= limit:
        return text
    kept = text[-limit:]
    return kept[kept.find("\n") + 1 :]


def head(text: str, limit: int) -> str:
    """The first `limit` characters or fewer, up to a line end where there is one."""
    end = text.rfind("\n", 0, limit + 1)
    return text if len(text) <= limit else text[: end if end >= 0 else limit]


def parse(text: str) -> ast.Module | None:
    """The syntax tree, or None for text that is not Python of this interpreter's version."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def worth_completing(target: str) -> bool:
    """Whether there is a word to guess: closing brackets alone would be right without any model."""
    return len(target.strip()) >= 3 and any(map(_is_word, target))


def single_line_holes(files: Iterable[SourceFile], count: int, seed: int) -> list[Hole]:
    """Up to `count` holes from a cursor in a line of code to that line's end, kinds and packages in turn."""
    queues: list[list[Hole]] = []
    for file in itertools.islice(files, count // 2 + 1):
        found = _line_candidates(file, seed)
        picked: list[Hole] = []
        taken: set[int] = set()
        first = order(seed, file.package, file.path)
        for turn in range(HOLES_PER_FILE):
            kind = LINE_KINDS[(first + turn) % len(LINE_KINDS)]
            rng = random.Random(order(seed, file.package, file.path, str(turn)))
            free = [hole for hole in found if hole.kind == kind and hole.end not in taken]
            if free:
                picked.append(rng.choice(free))
                taken.add(picked[-1].end)
        queues.append(picked)
    return take_turns(queues, count)


def mid_token_holes(files: Iterable[SourceFile], count: int, seed: int, starts: TokenStarts) -> list[Hole]:
    """Up to `count` single-line holes whose cursor stands inside one token of the vocabulary.

    `starts` gives, for a text, the offset at which each of its tokens begins.
    """
    queues: list[list[Hole]] = []
    for file in itertools.islice(files, count):
        if not file.text.isascii():  # byte-level tokens and characters are the same thing only here
            continue
        inside = set(range(len(file.text))).difference(starts(file.text))
        found = [
            Hole(file, "mid_token", offset, hole.end)
            for hole in _line_candidates(file, seed)
            if hole.kind == "line_start"
            for offset in range(hole.start + 1, hole.end)
            if offset in inside and worth_completing(file.text[offset : hole.end])
            if _is_word(file.text[offset - 1]) and _is_word(file.text[offset])
        ]
        rng = random.Random(order(seed, file.package, file.path, "mid_token"))
        queues.append(rng.sample(found, min(2, len(found))))
    return take_turns(queues, count)


def block_holes(files: Iterable[SourceFile], count: int, seed: int) -> list[Hole]:
    """Up to `count` holes that hold a whole body, 2-8 lines, of a function, loop, branch or `with`."""
    queues: list[list[Hole]] = []
    for file in itertools.islice(files, 2 * count):
        tree = _tree(file)
        if tree is None:
            continue
        lines = file.text.splitlines(keepends=True)
        found = [hole for node in ast.walk(tree) if (hole := _block(file, node, lines)) is not None]
        rng = random.Random(order(seed, file.package, file.path, "block"))
        queues.append(rng.sample(found, min(3, len(found))))
    return take_turns(queues, count)


def _block(file: SourceFile, node: ast.AST, lines: Sequence[str]) -> Hole | None:
    """The body of `node` as a hole, or None when it is no block of its own lines or of another size."""
    if not isinstance(node, BLOCK_OWNERS) or _is_docstring(node.body[0]):
        return None
    first, last = node.body[0], node.body[-1]
    end_row, end_column = last.end_lineno or last.lineno, last.end_col_offset or 0
    if end_row - first.lineno + 1 not in BLOCK_LINES or getattr(first, "decorator_list", None):
        return None
    # Columns of ast count UTF-8 bytes; a body that shares a line with something else is no block.
    closing = lines[end_row - 1].encode()
    if lines[first.lineno - 1].encode()[: first.col_offset].strip() or closing[end_column:].strip():
        return None
    before = sum(map(len, lines[: first.lineno - 1]))
    inside = sum(map(len, lines[first.lineno - 1 : end_row - 1])) + len(closing[:end_column].decode())
    return Hole(file, "block", before + first.col_offset, before + inside)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _tree(file: SourceFile) -> ast.Module | None:
    """The syntax tree of a file of usual size in which lines end only where everybody agrees that they do."""
    agreed = file.text.splitlines() == file.text.removesuffix("\n").split("\n")
    return parse(file.text) if agreed and len(file.text) <= FILE_CHARS else None


def _line_candidates(file: SourceFile, seed: int) -> list[Hole]:
    """Holes of the line kinds at every token, inside a name at one place; none if Python cannot read it."""
    tree = _tree(file)
    if tree is None:
        return []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(file.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    offsets = [0, *itertools.accumulate(map(len, file.text.splitlines(keepends=True)))]
    docstrings = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Expr) and _is_docstring(node)}
    skipped = docstrings | _rows_of_long_strings(tokens)
    holes: list[Hole] = []
    seen: set[int] = set()
    rng = random.Random(order(seed, file.package, file.path))
    for token in tokens:
        row, column = token.start
        if row in skipped or token.type not in CODE_TOKENS:
            continue
        start = offsets[row - 1] + column
        end = start + len(token.line[column:].split("\n", 1)[0])
        kind: Kind = "boundary" if row in seen else "line_start"
        seen.add(row)
        if worth_completing(file.text[start:end]):
            holes.append(Hole(file, kind, start, end))
        inner = rng.randrange(1, max(2, len(token.string)))
        if token.type == tokenize.NAME and len(token.string) >= 4 and worth_completing(file.text[start + inner : end]):
            holes.append(Hole(file, "identifier", start + inner, end))
    return holes


def _rows_of_long_strings(tokens: Sequence[tokenize.TokenInfo]) -> set[int]:
    """Numbers of the lines that a string of several lines (docstrings, mostly) touches."""
    rows: set[int] = set()
    openings: list[int] = []  # since Python 3.12 an f-string is many tokens, and may hold others
    for token in tokens:
        first = token.start[0]
        if token.type == FSTRING_START:
            openings.append(first)
        elif token.type == FSTRING_END:
            first = openings.pop()
        elif token.type != tokenize.STRING:
            continue
        if token.end[0] > first:
            rows.update(range(first, token.end[0] + 1))
    return rows


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"

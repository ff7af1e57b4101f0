"""A program or a text of each language, with what is hard about it; and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar

FOLDER = Path(__file__).parent
BY_NAME = {grammar.name: grammar for grammar in GRAMMARS}
PIECES = [
    "",
    "x",
    "ü",
    "𝒳",
    "(",
    "}",
    "{",
    "\n",
    "\r\n",
    '"',
    "'",
    " ",
    "\t",
    "def ",
    "/*",
    "#",
    "\0",
    "*/",
    "<",
    "=>",
    ";",
]

Edit = tuple[float, int, str]
"""Where, as a share of the text; how many characters go; what comes."""


def sample(grammar: Grammar) -> str:
    return (FOLDER / "samples" / f"{grammar.name}.txt").read_text(encoding="utf-8")


def golden(grammar: Grammar, what: str) -> str:
    return (FOLDER / "goldens" / f"{grammar.name}.{what}.txt").read_text(encoding="utf-8")


def grammars() -> st.SearchStrategy[Grammar]:
    return st.sampled_from(GRAMMARS)


def edits() -> st.SearchStrategy[list[Edit]]:
    one = st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES) | st.text(max_size=5))
    return st.lists(one, min_size=1, max_size=8)


def edited(text: str, edit: Edit) -> str:
    at = int(edit[0] * len(text))
    return text[:at] + edit[2] + text[at + edit[1] :]

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Tree

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.skeleton import skeleton, symbol_skeleton
from mellum_ls.context.languages.symbols import Symbol
from tests.context.languages.sample_texts import BY_NAME, Edit, edited, edits, golden, grammars, sample

PROGRAMS = [grammar for grammar in GRAMMARS if grammar.name not in {"html", "css", "json", "yaml", "toml", "markdown"}]
PYTHON = BY_NAME["python"]


def read(text: str | bytes, grammar: Grammar) -> tuple[bytes, tuple[Symbol, ...], Tree]:
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    tree = parse(raw, grammar, max_seconds=60)
    assert tree is not None
    return raw, outline(raw, tree, grammar), tree


def skeleton_of(text: str | bytes, grammar: Grammar) -> str:
    raw, symbols, tree = read(text, grammar)
    return skeleton(raw, symbols, tree, grammar)


def one_of(text: str, name: str, most_chars: int, grammar: Grammar = PYTHON) -> str:
    raw, symbols, tree = read(text, grammar)
    symbol = next(symbol for symbol in symbols if symbol.name == name)
    return symbol_skeleton(raw, symbol, symbols, tree, grammar, most_chars)


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_the_skeleton_of_each_language(grammar: Grammar, line_end: str) -> None:
    assert skeleton_of(sample(grammar).replace("\n", line_end), grammar) + "\n" == golden(grammar, "skeleton")


@pytest.mark.parametrize("grammar", PROGRAMS, ids=lambda grammar: grammar.name)
def test_a_skeleton_offers_what_the_text_offers_and_nothing_is_left_to_cut(grammar: Grammar) -> None:
    text = sample(grammar)
    pruned = skeleton_of(text, grammar)
    before, after = read(text, grammar)[1], read(pruned, grammar)[1]
    functions = {f"{one.container}.{one.name}".lstrip(".") for one in before if one.kind in ("function", "method")}
    offered = [one for one in before if one.container not in functions]
    assert [(one.container, one.name, one.signature) for one in after] == [
        (one.container, one.name, one.signature) for one in offered
    ]
    assert skeleton_of(pruned, grammar) == pruned


def test_what_is_left_of_a_python_text() -> None:
    text = '''"""What it is.

More.
"""
import os
from a import (
    b,
)

# Not about the next.

# About f.
def f(a):  # noqa
    # first
    x = 1
    y = 2
    return a


if os.name == "x":
    print("side effects")
print(f(1))
TABLE = {
%s}


class A:
    """Doc "quoted".

    More."""

    def g(self):
        """Says "this"
        and that."""
        return 1
''' % "".join(f"    {number}: {number},\n" for number in range(40))
    assert skeleton_of(text, PYTHON).splitlines() == [
        '"""What it is."""',
        "",
        "# About f.",
        "def f(a):  # noqa",
        "    ...",
        "",
        "TABLE = { ...",
        "",
        "class A:",
        '    """Doc "quoted"."""',
        "    def g(self):",
        '        """Says "this"""',
    ]


def test_one_definition_is_whole_where_there_is_room() -> None:
    text = sample(PYTHON)
    whole = one_of(text, "Builder", 1_000)
    assert whole == "class Builder:\n    def build(self) -> Shape: return Shape(self.sides)"
    assert one_of(text, "Builder", len(whole)) == whole
    assert one_of(text, "Builder", len(whole) - 1) != whole


def test_a_method_is_dedented_with_what_stands_above_it() -> None:
    assert one_of(sample(PYTHON), "area", 1_000).splitlines()[:2] == ["@property", "def area("]
    java = one_of(sample(BY_NAME["java"]), "accept", 1_000, BY_NAME["java"])
    assert java.splitlines()[0] == "@Override"
    assert java.splitlines()[-1] == "}"


def test_then_its_bodies_are_pruned() -> None:
    text = sample(PYTHON)
    whole, pruned = one_of(text, "Shape", 10_000), one_of(text, "Shape", 470)
    assert "return inner(scale) + LIMIT" in whole
    assert pruned.startswith("@dataclass(frozen=True)\nclass Shape[T](Base, metaclass=Meta):\n")
    assert '"""The area in square metres."""' in pruned
    assert "return inner" not in pruned


def test_then_only_heads_are_left_as_many_as_fit() -> None:
    text = sample(PYTHON)
    assert one_of(text, "Shape", 120).splitlines() == [
        "class Shape[T](Base, metaclass=Meta)",
        "    sides: int",
        '    name: str = "none"',
        "    count = 0",
        "    class Builder",
    ]
    assert one_of(text, "Shape", 40) == "class Shape[T](Base, metaclass=Meta)"
    assert one_of(text, "Shape", 7) == "class S"
    assert one_of(text, "Shape", 0) == ""


@given(grammars(), edits(), st.integers(0, 400), st.integers(0, 30))
def test_a_spoiled_text_has_skeletons_within_their_budget(
    grammar: Grammar, changes: list[Edit], most_chars: int, number: int
) -> None:
    text = sample(grammar)
    for change in changes:
        text = edited(text, change)
    raw, symbols, tree = read(text, grammar)
    assert len(skeleton(raw, symbols, tree, grammar)) <= len(text) + 20 * (len(symbols) + 1)
    if symbols:
        symbol = symbols[number % len(symbols)]
        assert len(symbol_skeleton(raw, symbol, symbols, tree, grammar, most_chars)) <= most_chars


@given(grammars(), st.binary(max_size=300))
def test_bytes_that_are_no_text_do_not_raise(grammar: Grammar, junk: bytes) -> None:
    assert isinstance(skeleton_of(junk, grammar), str)

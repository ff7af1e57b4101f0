from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.parsing import MOST_BYTES, parse
from tests.context.languages.sample_texts import BY_NAME, grammars, sample

PYTHON = BY_NAME["python"]


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_the_samples_have_no_errors(grammar: Grammar) -> None:
    text = sample(grammar).encode()
    tree = parse(text, grammar)
    assert tree is not None
    assert not tree.root_node.has_error
    assert tree.root_node.end_byte == len(text)


@given(grammars(), st.binary(max_size=400))
def test_any_bytes_have_a_tree(grammar: Grammar, text: bytes) -> None:
    tree = parse(text, grammar, max_seconds=60)
    assert tree is not None
    assert tree.root_node.end_byte <= len(text)


def test_a_text_longer_than_a_piece_is_read_whole() -> None:
    text = b"".join(b"x%d = '%s'\n" % (number, "ü".encode() * 40) for number in range(2_000))
    tree = parse(text, PYTHON)
    assert tree is not None
    assert len(text) > 1 << 17
    assert tree.root_node.named_child_count == 2_000
    assert not tree.root_node.has_error


def test_a_text_that_is_too_large_has_none() -> None:
    assert parse(b"x = 1\n", PYTHON, max_bytes=5) is None
    assert parse(b"x = 1\n", PYTHON, max_bytes=6) is not None
    assert parse(b" " * (MOST_BYTES + 1), PYTHON) is None


def test_a_text_that_takes_too_long_has_none() -> None:
    text = sample(PYTHON).encode() * 50
    ticks = count()
    assert parse(text, PYTHON, max_seconds=5, clock=lambda: float(next(ticks))) is None
    stopped_after = next(ticks)
    assert stopped_after < 20
    assert parse(text, PYTHON, max_seconds=1e9, clock=lambda: float(next(ticks))) is not None
    assert next(ticks) > 100, "the clock was not looked at while it parsed"


def test_a_grammar_that_is_not_installed_gives_none() -> None:
    assert parse(b"x", Grammar("klingon", "tree_sitter_klingon", "language", ("k",), ("klingon",))) is None

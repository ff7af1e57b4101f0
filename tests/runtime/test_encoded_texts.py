"""The memo of encoded texts: right ids, no work for a text that comes again, never more memory than its budget."""

import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.encoded_texts import BUDGET_BYTES, BYTES_PER_ID, EncodedTexts
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.texts import CODE, texts

TOKENIZER = Tokenizer.from_file(model_directory(None) / "tokenizer.json")


def size_of(text: str) -> int:
    ids = TOKENIZER.encode(text)
    return sys.getsizeof(text) + len(ids) * BYTES_PER_ID


def files(count: int) -> list[str]:
    return [f"# file {chr(65 + number)}\n{CODE}" for number in range(count)]


@settings(max_examples=100)
@given(st.lists(texts(8), min_size=1, max_size=6), st.lists(st.integers(0, 5), max_size=30), st.integers(0, 3_000))
def test_any_order_under_any_budget(pool: Sequence[str], order: Sequence[int], budget: int) -> None:
    memo = EncodedTexts(TOKENIZER, budget)
    for number in order:
        text = pool[number % len(pool)]
        assert memo.encode(text) == TOKENIZER.encode(text)
        assert memo.held_bytes <= budget
        assert (memo.held_bytes > 0) == (len(memo) > 0)


def test_eight_context_files_cost_nothing_when_they_come_again() -> None:
    memo, context = EncodedTexts(TOKENIZER), files(8)
    for text in context:
        memo.encode(text)
        assert memo.encoded_chars == len(text)
    held = memo.held_bytes
    for text in context:
        # As they come from the wire: equal, but not the same object.
        assert memo.encode("".join(text)) == TOKENIZER.encode(text)
        assert memo.encoded_chars == 0
    assert (len(memo), memo.held_bytes) == (8, held)
    assert held < BUDGET_BYTES / 50


def test_the_one_asked_for_longest_ago_is_forgotten_first() -> None:
    first, second, third = files(3)
    memo = EncodedTexts(TOKENIZER, 2 * max(map(size_of, files(3))))
    for text in (first, second, first, third):
        memo.encode(text)
    costs = {}
    for name, text in (("first", first), ("third", third), ("second", second)):
        memo.encode(text)
        costs[name] = memo.encoded_chars
    assert costs == {"first": 0, "third": 0, "second": len(second)}
    assert len(memo) == 2


@pytest.mark.parametrize("budget", [0, 100])
def test_a_text_over_the_budget_pushes_out_nothing(budget: int) -> None:
    memo = EncodedTexts(TOKENIZER, budget + size_of("x\n"))
    memo.encode("x\n")
    held = memo.held_bytes
    for _ in range(2):
        assert memo.encode(CODE) == TOKENIZER.encode(CODE)
        assert memo.encoded_chars == len(CODE)
    memo.encode("x\n")
    assert (memo.encoded_chars, memo.held_bytes, len(memo)) == (0, held, 1)


def test_forgetting_gives_back_what_was_counted() -> None:
    """A string that grew meanwhile (its UTF-8 is cached when somebody asks) is not counted twice."""
    budget = 3 * size_of("größe 🙂" * 30 + "00")
    memo = EncodedTexts(TOKENIZER, budget)
    for number in range(10, 90):
        text = "größe 🙂" * 30 + str(number)
        memo.encode(text)
        text.encode()
    assert len(memo) >= 2
    assert 0 < memo.held_bytes <= budget

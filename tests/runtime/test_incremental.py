"""Incremental encoding: the ids of the whole text whatever was edited, and the work of the edit, counted."""

import json
import random
import statistics
from collections import deque

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.incremental import BLOCK_CHARS, IncrementalEncoder, changed
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.checkpoints import tokenizer_json
from tests.fakes.texts import CODE, FRAGMENTS, edits, texts

SHIPPED = Tokenizer.from_file(model_directory(None) / "tokenizer.json")
# One edit touches two blocks at most.
KEY_CHARS = 8 * BLOCK_CHARS


def synthetic(**changes: object) -> Tokenizer:
    """A small vocabulary, whose words fall into more pieces; with changes, one that cannot be cut."""
    raw = {**json.loads(tokenizer_json()), **changes}
    for token in raw["added_tokens"]:
        token["special"] = True
    inner = tokenizers.Tokenizer.from_str(json.dumps(raw))
    inner.encode_special_tokens = True
    return Tokenizer(inner, {token["content"]: token["id"] for token in raw["added_tokens"]}, "")


TOKENIZERS = {
    "shipped": SHIPPED,
    "synthetic": synthetic(),
    "normalising": synthetic(normalizer={"type": "NFC"}),
    "words only": synthetic(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}),
}


def file_of(lines: int) -> str:
    """So many lines like code, of names nobody chose."""
    chance = random.Random(lines)

    def name() -> str:
        return "".join(chance.choices("abcdefgh_ijklmnöprstu", k=chance.randint(1, 12)))

    def line() -> str:
        indent = "    " * chance.randrange(4)
        forms = (
            f"{name()} = {name()}({name()}, {chance.randrange(2000)})",
            f"if {name()}.{name()}:",
            f"# {name()}",
            "",
        )
        return indent + chance.choice(forms)

    return "".join(f"{line()}\n" for _ in range(lines))


class Checked:
    """An encoder of which every answer is compared, and no earlier one may change."""

    def __init__(self, tokenizer: Tokenizer, block_chars: int = BLOCK_CHARS) -> None:
        self.tokenizer, self.encoder = tokenizer, IncrementalEncoder(tokenizer, block_chars)
        self.given: deque[tuple[list[int], list[int]]] = deque(maxlen=20)

    def __call__(self, text: str) -> int:
        """The number of characters that were encoded."""
        ids = self.encoder.encode(text)
        assert ids == self.tokenizer.encode(text)
        self.given.append((ids, ids.copy()))
        assert all(ids == copy for ids, copy in self.given)
        return self.encoder.encoded_chars


@settings(max_examples=150)
@given(st.data(), st.sampled_from(sorted(TOKENIZERS)), st.sampled_from([1, 8, 30, BLOCK_CHARS]))
def test_any_edits_of_any_text(data: st.DataObject, kind: str, block_chars: int) -> None:
    check = Checked(TOKENIZERS[kind], block_chars)
    text = data.draw(st.one_of(texts(), st.just(CODE), st.just("")))
    past = [text]
    check(text)
    for _ in range(data.draw(st.integers(1, 10))):
        # An edit, or undo or redo.
        text = data.draw(st.one_of(edits(text), edits(text), edits(text), st.sampled_from(past)))
        past.append(text)
        check(text)


@pytest.mark.parametrize("kind", ["shipped", "synthetic"])
def test_two_edits_at_once_far_apart_leave_what_lies_between(kind: str) -> None:
    """Behind the first change the new blocks soon fall into step with the old ones, in most texts after a few."""
    check, chance, text = Checked(TOKENIZERS[kind]), random.Random(0), file_of(400)
    check(text)
    costs = []
    for _ in range(60):
        head, tail = chance.randrange(300), chance.randrange(len(text) - 300, len(text))
        typed = chance.choice(FRAGMENTS)
        # Both at once, as with two cursors, then undone.
        costs.append(check(text[:head] + typed + text[head:tail] + typed + text[tail:]))
        costs.append(check(text))
    assert statistics.median(costs) <= 2 * KEY_CHARS
    assert max(costs) <= len(text) // 2


@settings(max_examples=60)
@given(st.sampled_from(FRAGMENTS), st.integers(0, 9_999), texts(3))
def test_a_text_that_can_hardly_be_cut(fragment: str, place: int, typed: str) -> None:
    check = Checked(SHIPPED)
    text = (fragment * 10_000)[:10_000]
    check(text)
    check(text[:place] + typed + text[place:])
    check(text[:place])
    check(text)


@pytest.mark.parametrize("kind", ["shipped", "synthetic"])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_key_in_a_long_file_costs_a_few_hundred_characters(kind: str, place: float) -> None:
    text = file_of(10_000)
    encoder, at = IncrementalEncoder(TOKENIZERS[kind]), int(len(text) * place)
    typed = "    for größe in range(12):\r\n        it's('🙂')  # don't\n"
    states = [text[:at] + typed[:end] + text[at:] for end in range(len(typed) + 1)]
    states += [text[:start] + text[at:] for start in range(at, max(0, at - 30), -1)]
    encoder.encode(text)
    assert encoder.encoded_chars == len(text)
    for state in states[1:]:
        encoder.encode(state)
        assert encoder.encoded_chars <= KEY_CHARS
    assert encoder.encode(states[-1]) == TOKENIZERS[kind].encode(states[-1])


def test_typing_a_file_from_nothing_never_costs_more_than_a_key() -> None:
    check, text = Checked(SHIPPED), file_of(40)
    assert max(check(text[:end]) for end in range(len(text) + 1)) <= KEY_CHARS
    assert max(check(text[:end]) for end in range(len(text), -1, -1)) <= KEY_CHARS


def test_deleting_around_the_cursor_down_to_nothing() -> None:
    check, text = Checked(SHIPPED), file_of(40)
    check(text)
    middle = len(text) // 2
    assert max(check(text[: middle - cut] + text[middle + cut :]) for cut in range(1, middle + 1)) <= KEY_CHARS


def test_the_same_text_costs_nothing() -> None:
    check = Checked(SHIPPED)
    assert check("") == 0
    assert check(CODE) == len(CODE)
    assert check("".join(CODE)) == 0
    assert check("") == 0
    assert check(CODE) == len(CODE)


def test_replacing_everything_costs_the_new_text() -> None:
    check, text = Checked(SHIPPED), file_of(100)
    check(text)
    other = text.swapcase()
    assert check(other) == len(other)


def test_a_word_replaced_everywhere_costs_its_places() -> None:
    check, text = Checked(SHIPPED), file_of(1_000)
    check(text)
    places = text.count("ab")
    assert places > 10
    assert check(text.replace("ab", "while")) <= places * KEY_CHARS < len(text)


def test_a_tokenizer_that_cannot_be_cut_encodes_the_whole_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    check = Checked(synthetic(normalizer={"type": "NFC"}))
    # The normaliser joins what an edit brings together.
    assert check("cafe") == 4
    assert check("cafe\u0301") == 5
    assert check("cafe\u0301") == 0
    assert [record.getMessage() for record in caplog.records] == [
        "the tokenizer encodes whole texts at every change: it normalises text"
    ]


@given(texts(12), texts(12), texts(12), texts(12))
def test_what_changed(head: str, old: str, new: str, tail: str) -> None:
    before, after = head + old + tail, head + new + tail
    start, old_end, new_end = changed(before, after)
    assert before[:start] + after[start:new_end] + before[old_end:] == after
    assert start <= old_end
    assert start <= new_end
    assert start >= len(head)
    # Nothing that stays could have stayed longer.
    assert start == min(old_end, new_end) or before[old_end - 1] != after[new_end - 1]
    assert start in (len(before), len(after)) or before[start] != after[start]


def test_what_changed_in_words() -> None:
    assert changed("", "") == (0, 0, 0)
    assert changed("abc", "abc") == (3, 3, 3)
    assert changed("abc", "abXc") == (2, 2, 3)
    assert changed("aaa", "aa") == (2, 3, 2)
    assert changed("", "ab") == (0, 0, 2)
    assert changed("xaby", "xAby") == (1, 2, 2)

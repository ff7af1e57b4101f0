"""Safe places: the ids of the parts are the ids of the whole, for the shipped tokenizer and for a synthetic one."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.boundaries import NO_SPACE, obstacle, places
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.checkpoints import tokenizer_json
from tests.fakes.texts import CODE, FRAGMENTS, texts

SHIPPED = Tokenizer.from_file(model_directory(None) / "tokenizer.json")


def all_places(text: str) -> list[int]:
    return list(places(text, 0, len(text)))


def pieces(text: str) -> set[int]:
    """Where the library's pre-tokenizer starts a piece."""
    pre_tokenizer = SHIPPED.inner.pre_tokenizer
    assert pre_tokenizer is not None
    return {start for _, (start, _) in pre_tokenizer.pre_tokenize_str(text)}


@settings(max_examples=400)
@given(texts())
def test_the_ids_of_the_parts_are_those_of_the_whole(text: str) -> None:
    whole = SHIPPED.encode(text)
    for place in all_places(text):
        assert SHIPPED.encode(text[:place]) + SHIPPED.encode(text[place:]) == whole


def test_any_two_fragments_between_any_two() -> None:
    for left in FRAGMENTS:
        for right in FRAGMENTS:
            for text in (left + right, f"a{left}{right}a", f" {left}{right} ", f"'{left}{right}'"):
                whole = SHIPPED.encode(text)
                for place in all_places(text):
                    assert SHIPPED.encode(text[:place]) + SHIPPED.encode(text[place:]) == whole, (text, place)


@pytest.mark.parametrize("blank", ["\t", "\n", "\r", " ", "\r\n"])
def test_every_character_taken_for_no_white_space_ends_a_piece_before_a_blank(blank: str) -> None:
    chars = [
        char for number in (*range(0xD800), *range(0xE000, 0x110000, 7)) if re.match(NO_SPACE, char := chr(number))
    ]
    assert len(chars) > 200_000
    text = blank.join(chars) + blank
    found = pieces(text)
    step = 1 + len(blank)
    assert [text[place - 1] for place in range(1, len(text), step) if place not in found] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 12", [1, 3, 4, 5]),
        ("f(a)", [1, 3]),
        ("it's", [2]),
        ("a  b\n\n c", [1, 4]),
        ("a\r\nb", [1]),
        ("größe\n日本 語🙂\r\n", [5, 8, 11]),
        # A surrogate may become half of a pair, other white space belongs to whose tables are newer.
        ("\ud83d \u3000 \x1c ", []),
        ("", []),
        ("1", []),
    ],
)
def test_where_they_are(text: str, found: list[int]) -> None:
    assert all_places(text) == found


def test_code_has_one_every_few_characters() -> None:
    found = [0, *all_places(CODE), len(CODE)]
    assert max(right - left for left, right in pairwise(found)) < 32


@given(texts(), st.integers(0, 300), st.integers(0, 300))
def test_those_of_a_range_are_those_of_the_text_in_it(text: str, start: int, end: int) -> None:
    end = min(end, len(text))
    assert list(places(text, start, end)) == [place for place in all_places(text) if start <= place < end]


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "normalises": lambda raw: raw.update(normalizer={"type": "NFC"}),
    "added tokens": lambda raw: raw["added_tokens"][23].update(special=False),
    "byte-pair": lambda raw: raw["model"].update(dropout=0.1),
    "pre-tokenizer is null": lambda raw: raw.update(pre_tokenizer=None),
    "ByteLevel": lambda raw: raw.update(pre_tokenizer=raw["pre_tokenizer"]["pretokenizers"][1]),
    '"individual_digits": false': lambda raw: raw["pre_tokenizer"]["pretokenizers"][0].update(individual_digits=False),
    '"add_prefix_space": true': lambda raw: raw["pre_tokenizer"]["pretokenizers"][1].update(add_prefix_space=True),
    '"use_regex": false': lambda raw: raw["pre_tokenizer"]["pretokenizers"][1].update(use_regex=False),
}


def loaded(raw: dict[str, Any]) -> tokenizers.Tokenizer:
    inner = tokenizers.Tokenizer.from_str(json.dumps(raw))
    inner.encode_special_tokens = True
    return inner


def usable() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(tokenizer_json())
    for token in raw["added_tokens"]:
        token["special"] = True
    return raw


@pytest.mark.parametrize("reason", CHANGES)
def test_another_kind_of_tokenizer_has_no_safe_places(reason: str) -> None:
    raw = usable()
    assert obstacle(loaded(raw)) is None
    CHANGES[reason](raw)
    found = obstacle(loaded(raw))
    assert found is not None
    assert reason in found


def test_special_tokens_in_text_are_an_obstacle() -> None:
    inner = loaded(usable())
    inner.encode_special_tokens = False
    assert obstacle(inner) == "it looks for added tokens in text"


def test_the_shipped_tokenizer_has_none() -> None:
    assert SHIPPED.obstacle is None

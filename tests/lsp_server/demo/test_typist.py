import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.demo.typist import MAX_KEYS, MEDIAN_INTERVAL, Hurried, Person, judge

WORDS = st.text(alphabet="ab_ (\n", max_size=12)


@pytest.mark.parametrize(
    ("suggestion", "rest", "verdict", "taken"),
    [
        ("return x", "return x", "whole", "return x"),
        ("return x", "return x + 1\n    more", "whole", "return x"),
        ("return x\n    more", "return x\n    less", "partly", "return x"),
        ("return xyz", "return x", "partly", "return"),
        ("self.name)", "self.value", "partly", "self."),
        ("value = 1", "values = 1", "none", ""),
        ("(a", "(b", "none", ""),
        ("other", "return", "none", ""),
        ("", "return", "none", ""),
    ],
)
def test_what_is_taken(suggestion: str, rest: str, verdict: str, taken: str) -> None:
    assert judge(suggestion, rest) == (verdict, taken)


@given(suggestion=WORDS, rest=WORDS)
def test_only_right_text_is_taken(suggestion: str, rest: str) -> None:
    verdict, taken = judge(suggestion, rest)
    assert rest.startswith(taken)
    assert suggestion.startswith(taken)
    assert (verdict == "none") == (taken == "")
    assert (verdict == "whole") == bool(suggestion and rest.startswith(suggestion))


def typed_by(person: Person, text: str) -> list[tuple[str, float]]:
    keys, typed = [], 0
    while text[typed:] and (key := person.key(text[typed:], typed)) is not None:
        keys.append((key.text, key.pause.debounce + key.pause.patience))
        typed += len(key.text)
    return keys


def test_a_person_types_key_by_key_with_a_rhythm_that_the_seed_decides() -> None:
    keys = typed_by(Person(1), "abcdefghijklmnop")
    assert "".join(text for text, _ in keys) == "abcdefgh"
    assert len(keys) == MAX_KEYS
    assert keys == typed_by(Person(1), "abcdefghijklmnop")
    assert keys != typed_by(Person(2), "abcdefghijklmnop")


def test_a_persons_intervals_have_the_right_middle() -> None:
    intervals = [pause for seed in range(200) for _, pause in typed_by(Person(seed), "_" * 20)]
    assert median(intervals) == pytest.approx(MEDIAN_INTERVAL, rel=0.1)
    assert min(intervals) > 0


def test_a_person_thinks_before_an_edit_and_sometimes_behind_a_word() -> None:
    person = Person(3)
    assert person.think().patience > 1
    assert not person.think().steady
    behind = [key for _ in range(100) if (key := person.key("a b", 0)) is not None and not key.pause.steady]
    assert 10 < len(behind) < 60


def test_an_indent_is_one_key() -> None:
    key = Person(0).key("\n    x", 0)
    assert key is not None
    assert key.text == "\n    "


def test_the_hurried_one_waits_for_answers_only() -> None:
    hurried = Hurried()
    assert hurried.think().debounce == 0
    assert hurried.think().patience == math.inf
    key = hurried.key("return value", 0)
    assert key is not None
    assert key.text == "retu"
    assert hurried.key("rn value", 4) is None

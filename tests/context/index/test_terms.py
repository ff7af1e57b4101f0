"""Identifiers cut into sub-words: the same whichever way a language writes them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.index.terms import LONGEST_TERM, counted, is_term, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getUserName", ["get", "user", "name"]),
        ("get_user_name", ["get", "user", "name"]),
        ("GetUserName", ["get", "user", "name"]),
        ("GET_USER_NAME", ["get", "user", "name"]),
        ("HTMLParser", ["html", "parser"]),
        ("parseHTML5Doc", ["parse", "html", "doc"]),
        ("sha256sum", ["sha", "256", "sum"]),
        ("x.y(z)", []),
        ("return self.cache", ["cache"]),
        ("größe_der_Datei", ["größe", "der", "datei"]),
        ("名前.取得", ["名前", "取得"]),
        ("a" * 40, []),
        ("", []),
    ],
)
def test_sub_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text())
def test_every_term_is_one_for_the_index(text: str) -> None:
    for term in terms(text):
        assert 2 <= len(term) <= LONGEST_TERM
        assert is_term(term)


@given(st.text(alphabet="abzABZ01_. -(", max_size=60))
def test_terms_of_terms_are_the_same(text: str) -> None:
    found = terms(text)
    assert terms(" ".join(found)) == found


@given(st.text(alphabet="ab_ (", max_size=30), st.text(alphabet="ab_ (", max_size=30))
def test_lines_are_cut_apart(first: str, second: str) -> None:
    assert terms(first + "\n" + second) == terms(first) + terms(second)


@pytest.mark.parametrize("word", ["", "a", "two words", 'quo"te', "self", "A", "\ud800\ud800", "x" * 33, "a-b", "a_b"])
def test_what_no_text_can_give_is_no_term(word: str) -> None:
    assert not is_term(word)


@given(
    st.text()
    | st.text("aAbB9_-. \u00e9\u4e2d\u2014\ud800")
    | st.lists(st.sampled_from(["getName", "x_y", "— ", "ü"])).map("".join)
)
def test_counting_is_the_same_in_the_same_order(text: str) -> None:
    assert list(counted(text).items()) == list(Counter(terms(text)).items())

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.rules.noise import cut_prompt_token, cut_redacted, drop_bare_comments, drop_comment_noise


@pytest.mark.parametrize(
    ("text", "nearby", "kept"),
    [
        ("a<|endoftext|>b", "", "a"),
        ("<fim_suffix>", "", ""),
        ("a <PRE> b", "", "a "),
        ("a<\uff5cfim\u2581hole\uff5c>b", "", "a"),
        ("a <filename> b", "", "a <filename> b"),
        ("a <| b |> c", "", "a <| b |> c"),
        ("a<fim_pad>b", "x = '<fim_pad>'", "a<fim_pad>b"),
        ("a<fim_pad>b<fim_suffix>c", "x = '<fim_pad>'", "a<fim_pad>b"),
    ],
)
def test_tokens_of_prompts(text: str, nearby: str, kept: str) -> None:
    assert cut_prompt_token(text, nearby) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\n#", "a"),
        ("a\n  //\n\n//", "a"),
        ("#", "#"),
        ("a\n# b", "a\n# b"),
        ("a\n#\n# b", "a\n#\n# b"),
        ("a\n*/", "a\n*/"),
        ("a\n}", "a\n}"),
    ],
)
def test_bare_signs_at_the_end(text: str, kept: str) -> None:
    assert drop_bare_comments(text) == kept


NOISE = [
    "#",
    "// ",
    "/* */",
    "# TODO",
    "# TODO: add tests",
    "// FIXME(me): why",
    "-- todo",
    "/* TODO */",
    "<!-- TODO -->",
    "# ...",
    "// Your code here",
    "# add your code here",
    "// Implement me",
    "# The rest of the code",
    "# Copyright 2020 Somebody",
    "/*\n * SPDX-License-Identifier: MIT\n */",
    "#\n# Licensed under the Apache License",
]


@pytest.mark.parametrize("text", NOISE)
def test_comments_that_say_nothing(text: str) -> None:
    assert drop_comment_noise(text, "    ", "x = 1") == ""
    assert drop_comment_noise(text, "x = 1  ", "") == ""


@pytest.mark.parametrize(
    ("text", "before", "previous"),
    [
        ("# The list is sorted.", "", ""),
        ("# A todo list", "", ""),
        ("# TODO\nx = 1", "", ""),
        ("# TODO: b", "", "# TODO: a"),
        ("TODO: b", "# ", ""),
        (" Copyright 2020", "#", ""),
        ("--;", "count", ""),
        ("--count;", "", ""),
        ("#include <todo.h>", "", ""),
        ("#[todo]", "", ""),
        ("*p = 1;", "", ""),
        ("# todo", "s = '", ""),
        ("", "", ""),
    ],
)
def test_what_stays(text: str, before: str, previous: str) -> None:
    assert drop_comment_noise(text, before, previous) == text


TEXT = st.text(alphabet=st.sampled_from("#/*-<!> \nTODO:a<|fim_pad|>"), max_size=30)


@given(TEXT, TEXT, TEXT)
def test_what_is_left_is_a_beginning(text: str, before: str, previous: str) -> None:
    assert text.startswith(cut_prompt_token(text, previous))
    assert text.startswith(drop_bare_comments(text))
    assert drop_comment_noise(text, before, previous) in ("", text)


def test_what_would_be_written_from_a_placeholder_is_cut_with_its_line() -> None:
    assert cut_redacted("a\nb = '<redacted>'\nc", "x") == "a\n"
    assert cut_redacted("b = '<redacted>'", "x") == ""
    assert cut_redacted("b = '<redacted>'", "y = '<redacted>'") == "b = '<redacted>'"

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.workspace.resolve.configs import parse_go_mod, parse_json, parse_toml, table, text, words

COMMENTED = """\ufeff{
  // for "all"
  "paths": {"@/*": ["src/*"], "u": "http://x//y", /* a, } */ },
  "q": "\\"/* no comment */, }",
}
"""
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_comments_and_trailing_commas_are_allowed() -> None:
    read = parse_json(COMMENTED)
    assert read == {"paths": {"@/*": ["src/*"], "u": "http://x//y"}, "q": '"/* no comment */, }'}


@given(st.dictionaries(st.text(max_size=8), values, max_size=4), st.sampled_from([None, 1]))
def test_json_is_read_as_json(value: dict[str, object], indent: int | None) -> None:
    assert parse_json(json.dumps(value, indent=indent, ensure_ascii=False)) == value


# Half a million characters, for which a quadratic reader would take hours.
@pytest.mark.parametrize("bad", ['"' + '\\"' * 250_000, "/*" * 250_000, '"\\' * 250_000, "," * 500_000, "//" * 250_000])
def test_bad_text_costs_no_more_than_good_text(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(bad)


def test_other_shapes_are_empty() -> None:
    assert parse_json("[1]") == table([]) == table(None) == {}
    assert words(["a", 1, None, "b"]) == ["a", "b"]
    assert words("a") == ["a"]
    assert words({"a": 1}) == words(None) == []
    assert text("a") == "a"
    assert text(1) == text(None) == ""


def test_toml() -> None:
    assert parse_toml('[package]\nname = "a"\n') == {"package": {"name": "a"}}
    with pytest.raises(ValueError, match=r"."):
        parse_toml("[")


@pytest.mark.parametrize(
    ("written", "module"),
    [
        ("module a.b/c\n\ngo 1.22\n", "a.b/c"),
        ('// why\nmodule "a.b/c" // more\n', "a.b/c"),
        ("go 1.22\n", ""),
        ("\n" * 500_000, ""),
    ],
)
def test_go_mod(written: str, module: str) -> None:
    assert parse_go_mod(written) == module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.fim import ContextFile, Prompt, prompt_ids
from mellum_ls.runtime.profile import FimTokens

TOKENS = FimTokens(prefix=8, middle=9, suffix=10, filename=7, reponame=20)
NAMES = {7: "<filename>", 8: "<fim_prefix>", 9: "<fim_middle>", 10: "<fim_suffix>", 20: "<reponame>"}
FULL = Prompt(
    prefix="a = ",
    suffix="\nb = 2\n",
    path="src/x.py",
    context=(ContextFile("u.py", "U = 1"), ContextFile("v.py", "V = 2")),
    repository="demo",
)


def encode(text: str) -> list[int]:
    """One id for each character."""
    return [1000 + ord(char) for char in text]


def render(ids: list[int]) -> str:
    return "".join(NAMES[number] if number in NAMES else chr(number - 1000) for number in ids)


def test_suffix_first() -> None:
    assert render(prompt_ids(FULL, TOKENS, encode, order="spm", limit=1000)) == (
        "<reponame>demo\n<filename>u.py\nU = 1\n<filename>v.py\nV = 2\n<filename>src/x.py\n"
        "<fim_suffix>\nb = 2\n<fim_prefix>a = <fim_middle>"
    )


def test_prefix_first() -> None:
    prompt = Prompt("a = ", "\n", path="x.py")
    assert render(prompt_ids(prompt, TOKENS, encode, order="psm", limit=1000)) == (
        "<filename>x.py\n<fim_prefix>a = <fim_suffix>\n<fim_middle>"
    )


def test_what_is_unknown_is_left_out() -> None:
    bare = "<fim_suffix>B<fim_prefix>A<fim_middle>"
    assert render(prompt_ids(Prompt("A", "B"), TOKENS, encode, order="spm", limit=99)) == bare
    nameless = FimTokens(prefix=8, middle=9, suffix=10, filename=None, reponame=None)
    full = Prompt("A", "B", FULL.path, FULL.context, FULL.repository)
    assert render(prompt_ids(full, nameless, encode, order="spm", limit=999)) == bare


@pytest.mark.parametrize(
    ("limit", "start"),
    [
        (54, "<reponame>demo\n<filename>u.py\nU = 1\n<filename>v.py\nV = 2\n<filename>src/x.py"),
        (53, "<reponame>demo\n<filename>u.py\nU = 1\n<filename>src/x.py"),
        (42, "<reponame>demo\n<filename>u.py\nU = 1\n<filename>src/x.py"),
        (41, "<reponame>demo\n<filename>src/x.py"),
        (29, "<filename>src/x.py"),
    ],
)
def test_context_goes_first_and_from_the_end(limit: int, start: str) -> None:
    text = render(prompt_ids(FULL, TOKENS, encode, order="spm", limit=limit))
    assert text.startswith(start)
    assert text.endswith("<fim_suffix>\nb = 2\n<fim_prefix>a = <fim_middle>")


def test_then_the_ends_far_from_the_cursor() -> None:
    prompt = Prompt(prefix="0123456789", suffix="abcdefghij", path="name.py")
    assert render(prompt_ids(prompt, TOKENS, encode, order="spm", limit=15)) == (
        "<fim_suffix>abc<fim_prefix>123456789<fim_middle>"
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=9), st.text(max_size=30), st.integers(4, 150))
def test_the_limit_holds_and_the_text_at_the_cursor_stays(
    prefix: str, suffix: str, path: str, other: str, limit: int
) -> None:
    prompt = Prompt(prefix, suffix, path, (ContextFile("o.py", other),), "repo")
    ids = prompt_ids(prompt, TOKENS, encode, order="spm", limit=limit)
    assert len(ids) <= limit
    kept_suffix = ids[ids.index(10) + 1 : ids.index(8)]
    kept_prefix = ids[ids.index(8) + 1 : -1]
    assert encode(suffix)[: len(kept_suffix)] == kept_suffix
    assert encode(prefix)[len(prefix) - len(kept_prefix) :] == kept_prefix
    if len(path) + len(prefix) + len(suffix) + 5 <= limit:
        assert (kept_prefix, kept_suffix) == (encode(prefix), encode(suffix))
    assert ids[-1] == 9


def test_no_room() -> None:
    with pytest.raises(RequestError, match="room for 3 prompt tokens"):
        prompt_ids(FULL, TOKENS, encode, order="spm", limit=3)

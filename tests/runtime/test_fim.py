import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.cache.sessions import common_prefix
from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.fim import (
    APPENDED_LINES,
    CUT_SHARE,
    ContextFile,
    Encoders,
    Prompt,
    anchor_of,
    lay_out,
    prompt_ids,
)
from mellum_ls.runtime.profile import FimOrder, FimTokens

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
        (43, "<reponame>demo\n<filename>u.py\nU = 1\n<filename>src/x.py"),
        (42, "<reponame>demo\n<filename>src/x.py"),
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


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text("ab\n", max_size=40) | st.text(max_size=40),
    st.text(max_size=40),
    st.text(max_size=9),
    st.text(max_size=30),
    st.integers(4, 150),
    st.sampled_from(["spm", "psm", "efim"]),
)
def test_the_limit_holds_and_the_text_at_the_cursor_stays(
    prefix: str, suffix: str, path: str, other: str, limit: int, order: FimOrder
) -> None:
    prompt = Prompt(prefix, suffix, path, (ContextFile("o.py", other),), "repo")
    layout = lay_out(prompt, TOKENS, Encoders.plain(encode), order=order, limit=limit)
    ids = layout.ids
    assert len(ids) <= limit
    assert all(0 < anchor <= len(ids) for anchor in layout.anchors)
    assert list(layout.anchors) == sorted(layout.anchors)
    middle, start, behind = ids.index(9), ids.index(8), ids.index(10)
    if order == "spm":
        kept_suffix, kept_prefix = ids[behind + 1 : start], ids[start + 1 : middle]
    else:
        kept_suffix, kept_prefix = ids[behind + 1 : middle], ids[start + 1 : behind] + ids[middle + 1 :]
    assert (order == "efim") >= (middle != len(ids) - 1), "only typing that is appended comes after the last sentinel"
    assert encode(suffix)[: len(kept_suffix)] == kept_suffix
    assert encode(prefix)[len(prefix) - len(kept_prefix) :] == kept_prefix
    if len(path) + len(prefix) + len(suffix) + 5 <= limit:
        assert (kept_prefix, kept_suffix) == (encode(prefix), encode(suffix))


@pytest.mark.parametrize("order", ["spm", "psm", "efim"])
def test_the_context_is_the_same_list_while_nothing_of_it_changes(order: FimOrder) -> None:
    encoders = Encoders.plain(encode)

    def context(prefix: str, *texts: str, limit: int = 1000) -> list[int]:
        files = tuple(ContextFile(f"{number}.py", text) for number, text in enumerate(texts))
        layout = lay_out(Prompt(prefix, "B", "x.py", files), TOKENS, encoders, order=order, limit=limit)
        assert layout.ids[: len(layout.context)] == layout.context
        assert layout.ids == prompt_ids(Prompt(prefix, "B", "x.py", files), TOKENS, encode, order=order, limit=limit)
        return layout.context

    first = context("a", "one", "two")
    assert render(first) == "<filename>0.py\none\n<filename>1.py\ntwo\n"
    assert context("abc", "one", "two") is first
    assert render(context("abc", "one", "three")) == "<filename>0.py\none\n<filename>1.py\nthree\n"
    assert render(context("abc", "one", "three", limit=32)) == "<filename>0.py\none\n", "less room is another context"
    assert context("abc") == []


def test_typing_is_appended_behind_the_suffix() -> None:
    """From the start of a line on, so that the model never goes on in the middle of one."""
    lines = "".join(f"{number}\n" for number in range(APPENDED_LINES + 2))
    prompt = Prompt(lines + "x = ", "\nend\n", path="x.py")
    head = "".join(f"{number}\n" for number in range(APPENDED_LINES))
    assert render(prompt_ids(prompt, TOKENS, encode, order="efim", limit=1000)) == (
        f"<filename>x.py\n<fim_prefix>{head}<fim_suffix>\nend\n<fim_middle>16\n17\nx = "
    )
    assert render(prompt_ids(Prompt("x = ", "B"), TOKENS, encode, order="efim", limit=99)) == (
        "<fim_prefix><fim_suffix>B<fim_middle>x = "
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text("a\n", max_size=80))
def test_the_anchor_is_the_start_of_a_line_and_moves_in_steps(prefix: str) -> None:
    anchor = anchor_of(prefix)
    assert anchor == 0 or prefix[anchor - 1] == "\n"
    assert prefix.count("\n", 0, anchor) % APPENDED_LINES == 0
    assert prefix.count("\n", anchor) < APPENDED_LINES


@pytest.mark.parametrize("order", ["spm", "efim"])
@pytest.mark.parametrize(("before", "behind"), [(30, 400), (400, 30), (400, 400), (150, 10)])
def test_typing_leaves_the_beginning_as_it_was(order: FimOrder, before: int, behind: int) -> None:
    """A prompt that does not fit is cut at steps: over a whole screen of typing only few keys move the cut."""
    limit, typed = 203, "value = call(argument)\n" * 10
    context = (ContextFile("u.py", "U = 1\n" * 4), ContextFile("v.py", "V = 2\n" * 4))
    moved, last = 0, list[int]()
    for count in range(len(typed)):
        prompt = Prompt("p\n" * (before // 2) + typed[:count], "s\n" * (behind // 2), "x.py", context)
        ids = prompt_ids(prompt, TOKENS, encode, order=order, limit=limit)
        kept = common_prefix(ids, last)
        moved += bool(last) and kept < len(last) - 1
        last = ids
    lines = 10 // APPENDED_LINES + 1 if order == "efim" else 0
    assert moved <= len(typed) / (200 // CUT_SHARE) * 2 + lines


def test_no_room() -> None:
    with pytest.raises(RequestError, match="room for 3 prompt tokens"):
        prompt_ids(FULL, TOKENS, encode, order="spm", limit=3)

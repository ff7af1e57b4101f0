import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.choosing import HEAD_SHARE, Choice, choose
from mellum_ls.context.selection.entries import laid_out
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.rendering import size


def head(path: str, name: str, line: int, container: str = "", length: int = 20) -> Candidate:
    text = f"def {name}(" + "x" * length + ")"
    return Candidate(path, line, line + 3, "outline", "r", text, name, container, "function")


def lines(path: str, start: int, length: int = 300) -> Candidate:
    return Candidate(path, start, start + 10, "lines", "r", f"{path} {start}\n" + "y" * length)


def scored(*items: Candidate) -> list[Scored]:
    return [Scored(item, 1.0 / (row + 1), item.key) for row, item in enumerate(items)]


pieces = st.one_of(
    st.builds(
        head,
        st.sampled_from(["a.py", "b/c.py", "d.go"]),
        st.sampled_from("abcdefgh"),
        st.integers(0, 50),
        st.sampled_from(["", "A", "A.B"]),
        st.integers(0, 180),
    ),
    st.builds(lines, st.sampled_from(["a.py", "e.txt"]), st.integers(0, 50), st.integers(0, 2000)),
)
rankings = st.lists(pieces, max_size=40, unique_by=lambda item: item.key).map(lambda items: scored(*items))


@given(rankings, st.integers(0, 6000))
def test_the_budget_is_what_the_texts_take(ranked: list[Scored], chars: int) -> None:
    choice = choose(ranked, chars)
    assert sum(entry.chars for entry in laid_out(choice)) <= choice.chars <= chars


@given(rankings, st.integers(0, 6000))
def test_nothing_twice_and_no_head_beside_its_body(ranked: list[Scored], chars: int) -> None:
    choice = choose(ranked, chars)
    assert len(choice.keys) == len(choice.heads) + len(choice.lines)
    early, _ = choose(ranked, chars), None
    assert early == choice


@given(rankings)
def test_with_room_for_all_every_piece_is_chosen_or_shown(ranked: list[Scored]) -> None:
    choice = choose(ranked, 10_000_000)
    bodies = [item.candidate for item in choice.lines]
    for item in ranked:
        one = item.candidate
        shown = any(b.path == one.path and b.start_line <= one.start_line < b.end_line for b in bodies)
        assert item.key in choice.keys or (one.form == "outline" and shown)


@pytest.mark.parametrize("chars", [4_000, 30_000, 100_000])
def test_where_there_is_enough_of_both_heads_have_their_share(chars: int) -> None:
    ranked = scored(
        *(lines("a.py", 20 * row) for row in range(400)),
        *(head(f"f{row}.py", "name", 1, length=60) for row in range(400)),
    )
    choice = choose(ranked, chars)
    text = sum(size(item.candidate.path, item.candidate.text) for item in choice.lines)
    assert abs(choice.chars - text - HEAD_SHARE * chars) < 400
    assert chars - choice.chars < 400


def test_what_heads_leave_goes_to_lines_and_the_other_way_round() -> None:
    only_lines = scored(*(lines(f"{row}.txt", 0) for row in range(6)))
    assert len(choose(only_lines, 2400).lines) == 6
    only_heads = scored(*(head("a.py", f"f{row}", row) for row in range(20)))
    assert len(choose(only_heads, 2400).heads) == 20


def test_a_member_brings_the_head_of_its_class() -> None:
    member, other, around = head("a.py", "f", 5, "A"), head("b.py", "g", 1), head("a.py", "A", 1)
    choice = choose(scored(member, other, around), 110)
    assert [item.candidate.name for item in choice.heads] == ["f", "A"]


def test_one_file_does_not_take_all() -> None:
    many = [head("a.py", f"f{row}", row, length=60) for row in range(200)]
    choice = choose(scored(*many, head("b.py", "g", 0)), 6000)
    assert "b.py" in {item.candidate.path for item in choice.heads}


def test_nothing_to_choose_is_an_empty_choice() -> None:
    assert choose([], 5000) == Choice((), (), 0)
    assert choose(scored(lines("a.py", 0)), 10) == Choice((), (), 0)

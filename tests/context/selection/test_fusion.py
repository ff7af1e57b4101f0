import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.selection.candidates import Candidate, lines_of
from mellum_ls.context.selection.fusion import LEAST_SCORE, WEIGHTS, fuse


def piece(path: str, line: int = 0, reason: str = "x") -> Candidate:
    return lines_of(path, line, line + 5, reason)


def test_scores_are_those_of_reciprocal_rank_fusion() -> None:
    ranked = fuse({"bodies": [piece("a.py"), piece("b.py")], "similar": [piece("b.py")]}, "x.py")
    assert [item.candidate.path for item in ranked] == ["b.py", "a.py"]
    assert ranked[0].score == pytest.approx(WEIGHTS["bodies"] / 61 + WEIGHTS["similar"] / 60)
    assert ranked[0].sources == ("bodies", "similar")


def test_the_reason_is_that_of_the_source_which_speaks_most_for_it() -> None:
    lists = {"opened": [piece("a.py", reason="weak")], "definitions": [piece("a.py", reason="strong")]}
    assert fuse(lists, "x.py")[0].candidate.reason == "strong"


def test_what_a_source_names_twice_counts_once() -> None:
    once = fuse({"similar": [piece("a.py")]}, "x.py")
    assert fuse({"similar": [piece("a.py"), piece("a.py")]}, "x.py") == once


def test_of_equal_ones_the_same_ending_goes_first_and_then_the_path() -> None:
    lists = {"bodies": [piece("a.md")], "definitions": [piece("z.py")]}
    assert [item.candidate.path for item in fuse(lists, "x.py")] == ["z.py", "a.md"]
    assert [item.candidate.path for item in fuse(lists, "x.txt")] == ["a.md", "z.py"]


def test_what_is_ranked_far_down_by_a_weak_source_is_left_out() -> None:
    many = [piece(f"{row:04}.py") for row in range(400)]
    ranked = fuse({"neighbours": many}, "x.py")
    assert 0 < len(ranked) < 400
    assert all(item.score >= LEAST_SCORE for item in ranked)
    assert len(fuse({"definitions": many}, "x.py")) == 400


def test_nothing_offered_is_nothing_chosen() -> None:
    assert fuse({}, "x.py") == []


@given(st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.lists(st.integers(0, 20), max_size=12)))
def test_the_order_in_which_sources_are_asked_does_not_matter(rows: dict[str, list[int]]) -> None:
    lists = {source: [piece(f"{row}.py", row) for row in values] for source, values in rows.items()}
    one = fuse(lists, "x.py")
    other = fuse(dict(reversed(lists.items())), "x.py")
    assert [item.key for item in one] == [item.key for item in other]
    assert [item.score for item in one] == sorted((item.score for item in one), reverse=True)


def test_of_each_source_only_the_first_count() -> None:
    many = [Candidate(f"{row}.py", 0, 1, "lines", "r") for row in range(5)]
    assert [item.candidate.path for item in fuse({"a": many}, "x.py", {"a": 1.0}, 2)] == ["0.py", "1.py"]

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.prompt.recently import MOST, Recently


def edit(line: int, text: str = "x", to: int | None = None) -> Edit:
    return Edit(text, Place(line, 0), Place(line if to is None else to, 0))


def test_the_latest_document_comes_first_and_only_once() -> None:
    recently = Recently()
    for uri in ("a", "b", "a", "c"):
        recently.open(uri)
    assert recently.opened == ["c", "a", "b"]
    recently.visit("b", 3)
    assert recently.opened[0] == "b"


def test_visits_near_the_last_one_are_the_same_place() -> None:
    recently = Recently()
    for line in (5, 7, 40, 39):
        recently.visit("a", line)
    recently.visit("b", 39)
    assert recently.visits == [("b", 39), ("a", 39), ("a", 7)]


def test_edits_near_the_last_one_grow_it() -> None:
    recently = Recently()
    recently.edit("a", [edit(5)])
    recently.edit("a", [edit(6, "x\ny\n")])
    assert recently.edits == [("a", 5, 9)]
    recently.edit("a", [edit(100)])
    recently.edit("a", [edit(5, "", to=7)])
    assert recently.edits == [("a", 5, 6), ("a", 100, 101), ("a", 5, 9)]


def test_lines_put_in_before_the_end_of_a_place_move_it() -> None:
    recently = Recently()
    recently.edit("a", [edit(10, "1\n2\n3\n4\n")])
    recently.edit("a", [edit(8, "x\n")])
    assert recently.edits == [("a", 8, 16)]
    recently.edit("a", [edit(9, "", to=12)])
    assert recently.edits == [("a", 8, 13)]


def test_a_new_text_for_the_whole_document_says_nothing() -> None:
    recently = Recently()
    recently.edit("a", [Edit("all of it")])
    assert recently.edits == []


def test_what_is_gone_is_forgotten() -> None:
    recently = Recently()
    for uri in ("a", "b"):
        recently.visit(uri, 1)
        recently.edit(uri, [edit(1)])
    recently.forget("a")
    assert (recently.opened, recently.visits, recently.edits) == (["b"], [("b", 1)], [("b", 1, 2)])


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.integers(0, 5), st.integers(0, 5))))
def test_it_stays_short_and_ranges_are_never_empty(steps: list[tuple[str, int, int, int]]) -> None:
    recently = Recently()
    for uri, line, more, ends in steps:
        recently.visit(uri, line)
        recently.edit(uri, [edit(line, "\n" * ends, to=line + more)])
    assert max(len(recently.visits), len(recently.edits), len(recently.opened)) <= MOST
    assert all(0 <= first < last for _, first, last in recently.edits)

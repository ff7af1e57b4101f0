"""What stands proposed while one types."""

from dataclasses import replace

from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.edit_history import Replaced
from mellum_ls.lsp_server.next_edits.standing import Standing

FIRST = Proposal("a.py", Span(5, 0, 5, 4), "area", "surface", "rename", "", 1.0)
MODEL = replace(FIRST, kind="model")
SECOND = replace(MODEL, span=Span(9, 0, 9, 4))


def test_what_is_typed_along_goes_on_under_its_id() -> None:
    standing = Standing()
    standing.put("u", FIRST, "1")
    assert standing.of("u") == (FIRST, "1")
    assert standing.follow("u", [Replaced(5, 0, "area", "sur")]) == ""
    found = standing.of("u")
    assert found is not None
    assert (found[0].new, found[1], standing.id_of("u", found[0])) == ("face", "1", "1")
    assert standing.follow("u", [Replaced(5, 3, "", "face")]) == "1"
    assert (standing.of("u"), len(standing)) == (None, 0)


def test_any_other_change_asks_anew_and_what_a_model_wrote_moves() -> None:
    standing = Standing()
    standing.put("u", MODEL, "1", [SECOND])
    standing.follow("u", [Replaced(0, 0, "", "x\n")])
    assert standing.of("u") is None
    moved = [replace(MODEL, span=Span(6, 0, 6, 4)), replace(SECOND, span=Span(10, 0, 10, 4))]
    assert standing.written_before("u") == moved
    assert standing.id_of("u", moved[0]) == "1"
    assert standing.id_of("u", moved[1]) == ""
    # The first one is accepted, the second one is next.
    assert standing.follow("u", [Replaced(6, 0, "area", "surface")]) == "1"
    assert standing.written_before("u") == moved[1:]
    # What it was for is another text now.
    standing.follow("u", [Replaced(10, 1, "r", "")])
    assert (standing.written_before("u"), len(standing)) == ([], 0)


def test_what_was_proved_is_proved_anew() -> None:
    standing = Standing()
    standing.put("u", FIRST, "1")
    standing.follow("u", [Replaced(0, 0, "", "x\n")])
    assert (standing.of("u"), standing.written_before("u")) == (None, [])


def test_what_is_dropped_leaves_what_came_with_it() -> None:
    standing = Standing()
    standing.put("u", MODEL, "1", [SECOND])
    standing.drop("u")
    standing.drop("unknown")
    assert (standing.of("u"), standing.id_of("u", MODEL)) == (None, "")
    assert standing.written_before("u") == [SECOND]
    standing.forget("u")
    assert len(standing) == 0
    assert standing.follow("u", [Replaced(0, 0, "", "x")]) == ""

"""What becomes of next edits."""

from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.next_edits.fates import KEPT, Fates, NextEdit

PROPOSAL = Proposal("a.py", Span(0, 0, 0, 1), "a", "b", "rename", "", 1.0)


def edit(edit_id: str = "") -> NextEdit:
    return NextEdit(edit_id, "u", 1, Place(0, 0), Place(0, 1), "b", PROPOSAL)


def test_each_is_counted_once() -> None:
    fates = Fates()
    first, second, third = (fates.offer(edit()) for _ in range(3))
    assert len({first.id, second.id, third.id}) == 3
    assert fates.offer(edit(first.id)).id == first.id
    for _ in range(2):
        fates.shown(first.id)
        fates.settle(second.id, "rejected")
        fates.settle(third.id, "accepted")
    assert fates.report() == {"offered": 3, "shown": 1, "accepted": 1, "written": 0, "rejected": 1}


def test_what_stands_there_may_yet_be_called_accepted_but_nothing_else_changes() -> None:
    fates = Fates()
    one = fates.offer(edit())
    assert fates.settle(one.id, "written") is one
    assert fates.settle(one.id, "written") is None
    assert fates.settle(one.id, "accepted") is one
    assert fates.settle(one.id, "rejected") is None
    assert fates.report() == {"offered": 1, "shown": 0, "accepted": 1, "written": 0, "rejected": 0}


def test_unknown_ids_are_no_fault_and_old_ones_are_forgotten() -> None:
    fates = Fates()
    assert (fates.shown("x"), fates.settle("x", "accepted")) == (None, None)
    edits = [fates.offer(edit()) for _ in range(KEPT + 1)]
    assert len(fates) == KEPT
    assert fates.shown(edits[0].id) is None
    assert fates.shown(edits[-1].id) is edits[-1]

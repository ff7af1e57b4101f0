"""What was turned down."""

from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.next_edits.rejections import FORGET_SECONDS, KEPT, Rejections

LINES = ["a", "b", "x = area", "c", "d", "e"]


def proposal(line: int = 2, old: str = "area", new: str = "surface") -> Proposal:
    return Proposal("a.py", Span(line, 4, line, 4 + len(old)), old, new, "rename", "", 1.0)


def test_the_same_edit_is_not_proposed_again_until_its_place_changes() -> None:
    rejections = Rejections()
    assert rejections.why_not(proposal(), LINES, 0) == ""
    rejections.note(proposal(), LINES, 0)
    assert "turned down here" in rejections.why_not(proposal(), LINES, 1000)
    assert "turned down here" in rejections.why_not(proposal(3), ["new", *LINES], 1000)  # it has only moved
    assert "turned down here" in rejections.why_not(proposal(), [f"{line}\r\n" for line in LINES], 1000)
    for changed in (
        ["a", "B", *LINES[2:]],
        ["A", *LINES[1:]],
        [*LINES[:4], "D", "e"],
        [*LINES[:2], "y = area", *LINES[3:]],
    ):
        assert rejections.why_not(proposal(), changed, 1000) == ""
    assert rejections.why_not(proposal(), [*LINES[:5], "far away"], 1000) != ""
    assert rejections.why_not(proposal(new="square"), LINES, 1000) == ""


def test_the_same_edit_made_beside_it_leaves_the_place_the_same() -> None:
    rejections = Rejections()
    beside = [*LINES[:3], "log(area)"]
    rejections.note(proposal(), beside, 0)
    assert rejections.why_not(proposal(), [*LINES[:3], "log(surface)"], 1000) != ""
    assert rejections.why_not(proposal(), [*LINES[:3], "log(other)"], 1000) == ""


def test_what_was_turned_down_twice_is_proposed_nowhere_for_a_while() -> None:
    rejections = Rejections()
    rejections.note(proposal(), LINES, 0)
    elsewhere = ["1", "2", "3", "4", "5 = area"]
    assert rejections.why_not(proposal(4), elsewhere, 1) == ""
    rejections.note(proposal(3), ["other", *LINES[1:]], 1)
    assert "several places" in rejections.why_not(proposal(4), elsewhere, 2)
    assert rejections.why_not(proposal(4), elsewhere, FORGET_SECONDS + 0.5) == ""


def test_there_is_a_pause_after_each() -> None:
    rejections = Rejections()
    assert not rejections.cooling(0, 5)
    rejections.note(proposal(), LINES, 10)
    assert rejections.cooling(14.9, 5)
    assert not rejections.cooling(15, 5)
    assert not rejections.cooling(10, 0)


def test_it_stays_small() -> None:
    rejections = Rejections()
    for number in range(3 * KEPT):
        rejections.note(proposal(new=str(number)), LINES, 0)
    assert len(rejections) == KEPT
    assert rejections.why_not(proposal(new="0"), LINES, 1) == ""
    assert rejections.why_not(proposal(new=str(3 * KEPT - 1)), LINES, 1) != ""

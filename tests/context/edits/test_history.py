"""The history holds what a hand has changed, at the lines where it is now, and forgets what was taken back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.edits import history
from mellum_ls.context.edits.desk import restored
from mellum_ls.context.edits.history import EditLog

LINES = [f"line {number}" for number in range(40)]


class Editor:
    """A document whose changes are told to a log."""

    def __init__(self, text: str, path: str = "a.py", log: EditLog | None = None) -> None:
        self.text, self.path, self.at = text, path, 100.0
        self.log = log or EditLog()

    def set(self, text: str, after: float = 0.1) -> str:
        self.at += after
        noted = self.log.note(self.path, self.text, text, self.at)
        self.text = text
        return noted

    def line(self, number: int, text: str, after: float = 0.1) -> str:
        lines = self.text.split("\n")
        lines[number] = text
        return self.set("\n".join(lines), after)

    def shown(self) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
        return [(hunk.start_line, hunk.old, hunk.new) for hunk in self.log.hunks()]


def test_typing_a_word_is_one_hunk() -> None:
    editor = Editor("\n".join(LINES))
    for end in range(1, 9):
        assert editor.line(3, "line 3" + " renamed"[:end]) == "edit"
    assert editor.shown() == [(3, ("line 3",), ("line 3 renamed",))]
    assert editor.log.hunks()[0].at == pytest.approx(100.8)


@pytest.mark.parametrize(("lines", "seconds", "hunks"), [(8, 4.9, 1), (9, 4.9, 1), (10, 4.9, 2), (2, 5.1, 2)])
def test_what_is_near_in_place_and_time_is_one_hunk(lines: int, seconds: float, hunks: int) -> None:
    editor = Editor("\n".join(LINES))
    editor.line(5, "changed")
    editor.line(5 + lines, "changed as well", after=seconds)
    found = editor.log.hunks()
    assert len(found) == hunks
    assert found[0].new[-1] == "changed as well"
    if hunks == 1:
        assert found[0].old == tuple(LINES[5 : 6 + lines])


def test_lines_stay_right_when_others_come_and_go_above() -> None:
    editor = Editor("\n".join(LINES))
    editor.line(20, "changed")
    editor.set("new\nnew\n" + editor.text, after=60)
    assert [(start, new) for start, _, new in editor.shown()] == [(0, ("new", "new")), (22, ("changed",))]
    editor.set("\n".join(editor.text.split("\n")[5:]), after=60)
    assert (17, ("line 20",), ("changed",)) in editor.shown()
    assert editor.log.hunks(1)[0].new == ()


def test_a_later_change_of_the_same_line_leaves_what_the_hunk_is_about() -> None:
    editor = Editor("def area(side):\n    pass")
    editor.line(0, "def surface(side):")
    editor.line(0, "def surface(side, height):", after=30)
    assert editor.shown() == [
        (0, ("def surface(side):",), ("def surface(side, height):",)),
        (0, ("def area(side, height):",), ("def surface(side, height):",)),
    ]
    editor.line(0, "def surfaces(side, height):", after=30)
    # The last one goes on with the first one's word: that one tells of both.
    assert editor.shown()[-1] == (0, ("def area(side, height):",), ("def surfaces(side, height):",))


def test_undo_takes_the_hunk_away_and_redo_brings_it_back() -> None:
    editor = Editor(first := "\n".join(LINES))
    editor.line(3, "first", after=1)
    second = editor.text
    editor.line(30, "second", after=60)
    third = editor.text
    assert editor.set(second, after=60) == "returned"
    assert editor.shown() == [(3, ("line 3",), ("first",))]
    assert editor.set(first, after=60) == "returned"
    assert editor.shown() == []
    assert editor.set(second, after=60) == editor.set(third, after=1) == "returned"
    assert [start for start, _, _ in editor.shown()] == [30, 3]


def test_typing_something_back_by_hand_is_a_return_too() -> None:
    editor = Editor("a\nb\nc")
    editor.line(1, "bx", after=1)
    editor.line(0, "ax", after=100)
    assert editor.line(1, "b", after=100) == "returned"
    assert editor.shown() == [(0, ("a",), ("ax",))]


def test_a_checkout_is_no_edit() -> None:
    log = EditLog()
    editors = [Editor("a\nb", f"{number}.py", log) for number in range(6)]
    editors[0].line(0, "by hand")
    for editor in editors:
        editor.at = 200.0
    noted = [editor.line(1, "checked out", after=0.05 * number) for number, editor in enumerate(editors)]
    assert noted == ["edit", "edit", "edit", "bulk", "bulk", "bulk"]
    assert [hunk.new for hunk in log.hunks()] == [("by hand",)]
    # A little later the user goes on.
    assert editors[5].line(0, "by hand again", after=5) == "edit"


def test_a_formatter_and_a_replacement_of_much_are_no_edits_and_move_the_others() -> None:
    editor = Editor("x=1\ny=2\nz = 3\n" + "\n".join(LINES))
    editor.line(20, "changed")
    assert editor.set("x = 1\n\ny = 2\n" + editor.text[8:], after=60) == "bulk"
    assert editor.shown() == [(21, ("line 17",), ("changed",))]
    assert editor.set(editor.text + "\n" + "\n".join(["much"] * 61), after=60) == "bulk"
    assert editor.set("\n".join(["everything"] * 500), after=60) == "bulk"
    assert editor.shown() == []


def test_a_replacement_at_several_places_is_several_hunks() -> None:
    editor = Editor("\n".join(LINES))
    editor.set(editor.text.replace("line 3\n", "row 3\n").replace("line 23", "row 23"), after=1)
    assert [(start, new) for start, _, new in editor.shown()] == [(3, ("row 3",)), (23, ("row 23",))]
    everywhere = Editor("\n".join(LINES))
    assert everywhere.set(everywhere.text.replace("9", "nine"), after=1) == "edit"
    assert len(everywhere.log.hunks()) == 4
    alternating = "\n".join("x" if number % 2 else line for number, line in enumerate(LINES))
    assert everywhere.set(alternating, after=1) == "bulk"


def test_what_was_not_told_ends_what_is_known() -> None:
    editor = Editor("a\nb\nc")
    editor.line(0, "x")
    editor.text = "another\ntext"
    editor.line(1, "and edited", after=60)
    assert editor.shown() == [(1, ("text",), ("and edited",))]


def test_a_file_is_forgotten() -> None:
    log = EditLog()
    one, other = Editor("a", "one.py", log), Editor("a", "other.py", log)
    one.line(0, "b")
    other.line(0, "c", after=9)
    assert [hunk.path for hunk in log.hunks()] == ["other.py", "one.py"]
    assert [hunk.path for hunk in log.hunks(path="one.py")] == ["one.py"]
    log.forget("other.py")
    log.forget("never seen")
    assert [hunk.path for hunk in log.hunks()] == ["one.py"]
    log.clear()
    assert log.hunks() == []


def test_all_of_it_is_bounded() -> None:
    log, at = EditLog(), 0.0
    for number in range(500):
        at += 100
        log.note(f"{number}.py", "a", "b" * 3000, at)
    hunks = log.hunks(10_000)
    assert len(hunks) <= history.MOST_HUNKS
    assert sum(len(line) for hunk in hunks for line in (*hunk.old, *hunk.new)) <= history.MOST_CHARS
    assert hunks[0].path == "499.py"
    assert log.note("x.py", "a", "b" * 10_000, at + 100) == "edit"
    assert log.hunks(1)[0].path == "499.py", "one hunk that is too large is not kept"
    assert log.note("x.py", "a", "b" * (history.MOST_TEXT_CHARS + 1), at + 200) == "bulk"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_hunk_stands_in_the_text_and_those_alone_lead_back(data: st.DataObject) -> None:
    text = st.lists(st.sampled_from(["a", "b", "ab", "a b", ""]), min_size=1, max_size=14).map("\n".join)
    editor = Editor(data.draw(text))
    known = {editor.text}
    for _ in range(data.draw(st.integers(1, 12))):
        lines = editor.text.split("\n")
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + data.draw(st.integers(0, 3))] = data.draw(text).split("\n")[: data.draw(st.integers(0, 3))]
        editor.set("\n".join(lines) or "x", after=data.draw(st.sampled_from([0.1, 60.0])))
        known.add(editor.text)
        for hunk in editor.log.hunks():
            back = restored(editor.text, hunk)
            assert back is not None
            assert back != editor.text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab\n", max_size=30), min_size=2, max_size=8))
def test_who_takes_all_back_has_changed_nothing(texts: list[str]) -> None:
    editor = Editor(texts[0])
    for text in texts[1:]:
        editor.set(text, after=1)
    for text in reversed(texts[:-1]):
        editor.set(text, after=1)
    assert editor.log.hunks() == []

"""Methods that override a changed one take what it takes; cases of several languages are in templates/."""

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.overrides import overrides
from mellum_ls.context.edits.placing import Edit, applied

BASE = "class Shape:\n    def area(self, größe):\n        return 0\n"
SQUARE = "\n\nclass Square(Shape):\n    def area(self, größe):\n        return 1\n"


def found(before: str, after: str) -> list[Edit]:
    log = EditLog()
    log.note("a.py", before, after, 1.0)
    [hunk] = log.hunks()
    return list(overrides(hunk, Desk([hunk], {"a.py": after}, None, lambda _: None)))


def test_an_override_that_took_the_same_follows_and_no_more_than_differs_is_replaced() -> None:
    after = BASE.replace("größe", "größe, faktor=1") + SQUARE
    [edit] = found(BASE + SQUARE, after)
    assert (edit.old, edit.new, edit.kind) == ("", ", faktor=1", "parameter")
    assert edit.reason == "override of area follows its parameters"
    assert applied(after, edit) == (BASE + SQUARE).replace("größe", "größe, faktor=1")
    # A character that differs in its second byte alone is replaced whole.
    [edit] = found(BASE + SQUARE, BASE.replace("größe", "gräße") + SQUARE)
    assert applied(BASE.replace("größe", "gräße") + SQUARE, edit) == (BASE + SQUARE).replace("größe", "gräße")


def test_what_is_not_certain_is_left_alone() -> None:
    for other in (
        SQUARE.replace("größe", "andere"),
        SQUARE.replace("(Shape)", ""),
        SQUARE.replace("(Shape)", "(Other)"),
        SQUARE.replace("def area", "def volume"),
        SQUARE.replace("    def area", "    @property\n    def other(self): ...\n\n    def area_of"),
    ):
        assert found(BASE + other, BASE.replace("größe", "größe, faktor") + other) == []
    free = "def area(größe): ...\n" + SQUARE
    assert found(free, free.replace("größe", "größe, faktor", 1)) == []

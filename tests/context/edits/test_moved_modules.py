"""Imports of a module that has moved; the generated cases of test_symbolic.py hold the rest."""

from __future__ import annotations

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.moved_modules import moved_modules


def moved(files: dict[str, str], old: str, new: str) -> list[tuple[str, int, str, str]]:
    log, after = EditLog(), files["main.py"].replace(old, new)
    log.note("main.py", files["main.py"], after, 1.0)
    hunks = log.hunks()
    opened = {**files, "main.py": after}
    desk = Desk(hunks, opened, None, lambda _: None)
    return [(one.path, one.line, one.old, one.new) for one in moved_modules(hunks[0], desk)]


USERS = {"main.py": "from shapes import area\n", "other.py": "import os\nfrom shapes import area, side\n"}


def test_a_module_that_is_gone_is_followed() -> None:
    assert moved({**USERS, "forms.py": "def area(): ...\n"}, "shapes", "forms") == [("other.py", 1, "shapes", "forms")]


def test_a_module_that_is_still_there_or_a_library_is_not() -> None:
    shapes = {"shapes.py": "def area(): ...\n", "forms.py": "def area(): ...\n"}
    assert moved({**USERS, **shapes}, "shapes", "forms") == []
    assert moved(USERS, "shapes", "forms") == []


def test_a_name_that_has_moved_is_followed_where_nothing_else_is_imported_with_it() -> None:
    files = {**USERS, "shapes.py": "def side(): ...\n", "forms.py": "def area(): ...\n"}
    assert ("other.py", 1, "shapes", "forms") not in moved(files, "shapes", "forms")

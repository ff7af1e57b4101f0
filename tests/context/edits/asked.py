"""A desk for one edit of one file, for tests."""

from __future__ import annotations

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.placing import Edit, applied
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.index.rows import Index


def edited(path: str, before: str, after: str, index: Index | None = None, **more: str) -> tuple[Hunk, Desk]:
    """The latest hunk of an edit and its desk; `more` are other open files, `__` in their names for dots and `___` for
    slashes."""
    log = EditLog()
    log.note(path, before, after, 1.0)
    others = {name.replace("___", "/").replace("__", "."): text for name, text in more.items()}
    hunks = log.hunks()
    return hunks[0], Desk(hunks, {path: after, **others}, index, lambda _: None)


def made(desk: Desk, edits: list[Edit], path: str) -> str:
    """The text of a file with all edits of it, from the last to the first."""
    text = desk.text(path)
    assert text is not None
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.column), reverse=True):
        if edit.path == path:
            after = applied(text, edit)
            assert after is not None, edit
            text = after
    return text

"""Imports of Go follow a package that has moved; more cases are in templates/."""

from pathlib import Path

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.moved_packages import moved_packages
from tests.context.edits.indexed import indexed

MAIN = 'package main\n\nimport "m/lib/old"\n\nfunc main() { old.Run() }\n'
OTHER = MAIN.replace("main()", "other()")


def found(folder: Path, files: dict[str, str], other: str = OTHER) -> list[tuple[str, str, str]]:
    after = MAIN.replace("lib/old", "lib/fresh")
    log = EditLog()
    log.note("a/main.go", MAIN, after, 1.0)
    with indexed(folder, {**files, "a/main.go": MAIN, "b/main.go": other}) as index:
        [hunk] = log.hunks()
        desk = Desk([hunk], {"a/main.go": after}, index, {**files, "b/main.go": other}.get)
        return [(edit.path, edit.old, edit.new) for edit in moved_packages(hunk, desk)]


def test_the_name_of_the_package_is_that_in_its_files(tmp_path: Path) -> None:
    assert found(tmp_path, {"lib/fresh/a.go": "// Doc.\npackage young\n"}) == [
        ("a/main.go", "old", "young"),
        ("b/main.go", "old", "fresh"),
        ("b/main.go", "old", "young"),
    ]


def test_where_both_are_there_or_neither_nothing_has_moved(tmp_path: Path) -> None:
    fresh, old = {"lib/fresh/a.go": "package fresh\n"}, {"lib/old/a.go": "package old\n"}
    assert found(tmp_path / "1", {**fresh, **old}) == []
    assert found(tmp_path / "2", {}) == []
    assert found(tmp_path / "3", old) == []


def test_a_name_that_the_import_gives_stays(tmp_path: Path) -> None:
    for alias in ("old", "other", "."):
        other = OTHER.replace('import "', f'import {alias} "')
        assert found(tmp_path / alias.replace(".", "dot"), {"lib/fresh/a.go": "package fresh\n"}, other) == [
            ("a/main.go", "old", "fresh"),
            ("b/main.go", "old", "fresh"),
        ]

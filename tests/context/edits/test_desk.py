"""Texts and trees are read once, in the order in which they matter."""

from __future__ import annotations

from pathlib import Path

from mellum_ls.context.edits.desk import MOST_CHARS, MOST_FILES, MOST_KEPT, Desk, Sources, restored
from mellum_ls.context.edits.types import Hunk
from tests.context.edits.indexed import indexed

HUNK = Hunk("a.py", 1, ("old",), ("new", "newer"), 1.0)


def test_open_documents_first_and_each_file_is_read_once() -> None:
    asked: list[str] = []

    def read(path: str) -> str | None:
        asked.append(path)
        return {"b.py": "x\r\ny\rz", "big.py": "x" * (MOST_CHARS + 1)}.get(path)

    desk = Desk([HUNK], {"a.py": "open"}, None, read)
    assert desk.text("a.py") == "open"
    assert desk.text("b.py") == desk.text("b.py") == "x\ny\nz"
    assert desk.lines("b.py") == ["x", "y", "z"]
    assert desk.text("gone.py") is desk.text("gone.py") is desk.text("big.py") is None
    assert asked == ["b.py", "gone.py", "big.py"]
    assert desk.touched("a.py") == {1, 2}
    assert desk.touched("b.py") == set()


def test_a_text_without_a_hunk() -> None:
    assert restored("a\nnew\nnewer\nb", HUNK) == "a\nold\nb"
    assert restored("a\nnew\nother\nb", HUNK) is None


def test_who_may_use_a_name(tmp_path: Path) -> None:
    files = {"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n", "c.ts": "f()\n", "d.py": "g()\n"}
    files |= {f"m{number}.py": "f()\n" for number in range(2 * MOST_FILES)}
    with indexed(tmp_path, files) as index:
        opened = {"a.py": "def f(): pass\n", "e.py": "f()\n"}
        desk = Desk([], opened, index, files.get)
        found = [source.path for source in desk.others("a.py", "f")]
    assert found[:2] == ["e.py", "b.py"]
    assert len(found) == MOST_FILES
    assert not {"a.py", "c.ts", "d.py"} & set(found)


def test_trees_are_kept_for_some_files() -> None:
    sources = Sources()
    first = sources.of("a.py", "x = 1\n")
    assert first is not None
    assert sources.of("a.py", "x = 1\n") is first
    second = sources.of("a.py", "x = 1\ny = x\n")
    assert second is not None
    assert [one.line for one in second.occurrences("x")] == [0, 1]
    assert sources.of("a.unknown", "x") is None
    for number in range(MOST_KEPT):
        sources.of(f"{number}.py", "x")
    assert sources.of("a.py", "x = 1\n") is not first
    kept = sources.of("b.py", "y")
    sources.forget("b.py")
    assert sources.of("b.py", "y") is not kept

"""The index's answers are plain data, and the reader gives what the protocol asks for."""

import inspect
from pathlib import Path

import pytest

from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.rows import Chunk, Definition, Hit, Index


def test_rows_are_values() -> None:
    assert Hit(Chunk("a.py", 0, 3), 1.5) == Hit(Chunk("a.py", 0, 3), 1.5)
    assert len({Chunk("a.py", 0, 3), Chunk("a.py", 0, 3), Chunk("a.py", 3, 6)}) == 2
    assert Definition("a.py", "f", "function", 0, 2, "def f()", "", "") != Definition(
        "a.py", "f", "function", 1, 2, "def f()", "", ""
    )


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Chunk("a.py", 0, 3).path = "b.py"  # type: ignore[misc]


def test_the_reader_is_an_index(tmp_path: Path) -> None:
    index: Index = Reader(tmp_path / "none.index")
    asked = [name for name, member in vars(Index).items() if inspect.isfunction(member) and not name.startswith("_")]
    assert len(asked) == 9
    for name in asked:
        wanted = inspect.signature(getattr(Index, name))
        assert inspect.signature(getattr(type(index), name)) == wanted, name

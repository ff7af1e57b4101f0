"""Where holes are cut, and what is never cut."""

import ast
from collections.abc import Callable

import pytest

from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.holes import (
    PREFIX_CHARS,
    SUFFIX_CHARS,
    Hole,
    block_holes,
    head,
    mid_token_holes,
    single_line_holes,
    tail,
)

TEXT = '''"""Module text
that spans lines."""

import os


def größe(values, limit):
    """One line of prose."""
    text = f"""
    {values}
    """
    # only a comment here
    total = sum(values) + limit
    if total > limit:
        print(total, "é", limit)
        return os.path.join("a", "b")
    for value in values: total += value
    return total
'''
FILE = SourceFile("pkg", "1", "pkg/mod.py", TEXT)
ASCII = SourceFile(
    "pkg", "1", "pkg/ascii.py", "def compute_everything(first, second):\n    return first_thing(second)\n"
)


def many(text: str) -> list[SourceFile]:
    return [SourceFile("pkg", "1", f"pkg/{i}.py", text) for i in range(60)]


def fake_starts(text: str) -> list[int]:
    return [i for i in range(len(text)) if i % 5 == 0]


@pytest.mark.parametrize(
    "cut",
    [
        lambda files: single_line_holes(files, 300, 1),
        lambda files: block_holes(files, 300, 1),
        lambda files: mid_token_holes([ASCII, *files], 300, 1, fake_starts),
    ],
    ids=["line", "block", "mid_token"],
)
def test_every_hole_puts_the_file_back_together(cut: Callable[[list[SourceFile]], list[Hole]]) -> None:
    holes = cut(many(TEXT))
    assert holes
    for hole in holes:
        assert hole.filled(hole.target) == hole.file.text
        assert hole.file.text.endswith(hole.prefix + hole.target + hole.suffix)


def test_line_holes_run_to_the_line_end_and_stand_in_code() -> None:
    holes = single_line_holes(many(TEXT), 300, 1)
    lines = {TEXT[: hole.start].rsplit("\n", 1)[-1] + hole.target for hole in holes}
    assert lines == {
        "import os",
        "def größe(values, limit):",
        "    total = sum(values) + limit",
        "    if total > limit:",
        '        print(total, "é", limit)',
        '        return os.path.join("a", "b")',
        "    for value in values: total += value",
        "    return total",
    }
    assert all(hole.suffix.startswith("\n") for hole in holes)


def test_cursors_stand_where_their_kind_says() -> None:
    holes = single_line_holes(many(TEXT), 300, 1)
    by_kind: dict[str, list[Hole]] = {}
    for hole in holes:
        by_kind.setdefault(hole.kind, []).append(hole)
    assert {len(group) for group in by_kind.values()} <= set(range(70, 130))
    for hole in by_kind["line_start"]:
        assert TEXT[: hole.start].rsplit("\n", 1)[-1].strip() == ""
        assert not hole.target[0].isspace()
    for hole in by_kind["identifier"]:
        assert (TEXT[hole.start - 1] + TEXT[hole.start]).replace("_", "a").isalpha()
    for hole in by_kind["boundary"]:
        assert TEXT[: hole.start].rsplit("\n", 1)[-1].strip() != ""
        assert not (TEXT[hole.start - 1].isalnum() and TEXT[hole.start].isalnum())


def test_no_file_has_two_holes_in_one_line() -> None:
    holes = single_line_holes([FILE], 300, 1)
    assert len({hole.end for hole in holes}) == len(holes) > 3


def test_mid_token_cursors_stand_inside_tokens_and_words() -> None:
    holes = mid_token_holes([ASCII], 10, 1, fake_starts)
    assert holes
    for hole in holes:
        assert hole.start % 5 != 0
        assert (ASCII.text[hole.start - 1] + ASCII.text[hole.start]).replace("_", "a").isalnum()
    assert mid_token_holes([FILE], 10, 1, fake_starts) == []


def test_blocks_are_whole_bodies_of_two_to_eight_lines() -> None:
    (hole,) = set(block_holes([FILE], 10, 1))
    assert hole.target == 'print(total, "é", limit)\n        return os.path.join("a", "b")'
    assert hole.prefix.endswith("if total > limit:\n        ")
    for size, found in ((1, 0), (2, 1), (8, 1), (9, 0)):
        body = "".join(f"    x{i} = {i}\n" for i in range(size))
        assert len(block_holes([SourceFile("p", "1", "p/a.py", "def f():\n" + body)], 10, 1)) == found


@pytest.mark.parametrize("text", ["def f(:\n", "x = 1\r\ny = 2\r\n", "x = 1\n\x0c\ny = 2\n", "", "\x00"])
def test_files_that_python_or_editors_read_otherwise_are_left_out(text: str) -> None:
    file = SourceFile("p", "1", "p/a.py", text)
    assert single_line_holes([file], 10, 1) == block_holes([file], 10, 1) == []
    assert mid_token_holes([file], 10, 1, fake_starts) == []


def test_windows_are_bounded_and_in_whole_lines() -> None:
    text = "".join(f"name_{i} = function_{i}({i})\n" for i in range(200))
    for hole in single_line_holes(many(text), 60, 1):
        assert len(hole.prefix) <= PREFIX_CHARS
        assert len(hole.suffix) <= SUFFIX_CHARS
        ast.parse(hole.prefix.rpartition("\n")[0])
    assert tail("abc\ndef", 5) == "def"
    assert tail("abcdef", 3) == "def"
    assert head("ab\ncd\nef", 5) == "ab\ncd"
    assert head("abcdef", 3) == "abc"
    assert head("ab", 3) == tail("ab", 3) == "ab"


def test_the_same_seed_cuts_the_same_holes() -> None:
    files = many(TEXT)
    assert single_line_holes(files, 50, 1) == single_line_holes(files, 50, 1) != single_line_holes(files, 50, 2)

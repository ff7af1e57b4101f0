from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.lsp_server.context_bench.arms import WINDOW_LINES, OpenFiles, Oracle, fit, nothing, size_of
from mellum_ls.lsp_server.context_bench.cases import Case, Defined
from mellum_ls.lsp_server.context_bench.sources import Source, Sources


def sources(**texts: str) -> Sources:
    grammar = grammar_of("a.py")
    assert grammar is not None
    return Sources({f"{name}.py": Source(f"{name}.py", text, grammar) for name, text in texts.items()})


def case(prefix: str = "", open_files: tuple[str, ...] = (), definitions: tuple[Defined, ...] = ()) -> Case:
    return Case("k", "p", "python", "main.py", "inproject", prefix, "target", "", "name", definitions, open_files)


def test_nothing_is_nothing() -> None:
    assert nothing(case(), 10_000) == ()


def test_of_open_files_the_lines_most_like_those_at_the_cursor_are_shown_best_last() -> None:
    far = "\n".join(f"alpha_{number} = {number}" for number in range(2 * WINDOW_LINES))
    near = "\n".join(f"bucket.pour(water_{number})" for number in range(WINDOW_LINES))
    old = sources(a=f"{far}\n{near}", b=f"{far}\nbucket", c="unrelated = 1")
    asked = case("bucket.pour(water_1)\nbucket.pour(water_2)\n", ("a.py", "b.py", "c.py"))
    found = OpenFiles(old)(asked, 100_000)
    assert [path for path, _ in found] == ["c.py", "b.py", "a.py"]
    assert "bucket.pour(water_3)" in found[-1][1]
    assert found[-1][1].count("\n") < WINDOW_LINES


def test_open_files_keep_to_the_budget_and_the_best_goes_first() -> None:
    old = sources(a="water bucket", b="water other", c="none of it")
    asked = case("water bucket", ("a.py", "b.py", "c.py"))
    room = size_of("a.py", "water bucket")
    assert OpenFiles(old)(asked, room) == (("a.py", "water bucket"),)
    assert OpenFiles(old)(asked, room - 1) == (("b.py", "water other"),)


@pytest.mark.parametrize("chars", [0, 20, 40, 60, 1000])
def test_the_oracle_shows_as_much_of_the_definition_as_fits(chars: int) -> None:
    old = sources(lib="import x\ndef wanted():\n    first = 1\n    second = 2\n")
    defined = Defined("lib.py", "wanted", "", 1, 3, "def wanted()", "def wanted():")
    found = Oracle(old)(case(definitions=(defined,)), chars)
    whole = "def wanted():\n    first = 1\n    second = 2"
    assert sum(size_of(*piece) for piece in found) <= chars
    if chars == 1000:
        assert found == (("lib.py", whole),)
    for _, text in found:
        assert whole.startswith(text)


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=30))), st.integers(0, 100))
def test_what_fits_is_a_beginning_within_the_budget(pieces: list[tuple[str, str]], chars: int) -> None:
    kept = fit(pieces, chars)
    assert list(kept) == pieces[: len(kept)]
    assert sum(size_of(*piece) for piece in kept) <= chars
    if len(kept) < len(pieces):
        assert sum(size_of(*piece) for piece in pieces[: len(kept) + 1]) > chars


def test_a_file_shorter_than_a_window_is_shown_whole(tmp_path: Path) -> None:
    text = "\n".join(f"line_{number}" for number in range(40))
    assert OpenFiles(sources(a=text))(case("line_39", ("a.py",)), 10_000) == (("a.py", text),)

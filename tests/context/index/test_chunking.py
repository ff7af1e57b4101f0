"""Chunks cover a file, each line once, and cut it where a reader would."""

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.index.chunking import FEWEST_LINES, MOST_LINES, chunks
from mellum_ls.context.languages.symbols import Symbol


def symbol(start: int, end: int, container: str = "") -> Symbol:
    return Symbol("f", "function", start, end, 0, 0, start, "def f()", "", container)


@st.composite
def outlines(draw: st.DrawFn) -> tuple[list[str], list[Symbol]]:
    """Lines of a file and symbols that follow or enclose each other, as a tree gives them."""
    symbols: list[Symbol] = []
    line = 0
    for _ in range(draw(st.integers(0, 12))):
        start = line + draw(st.integers(0, 6))
        length = draw(st.integers(1, 90))
        symbols.append(symbol(start, start + length - 1))
        inner = start + 1
        while inner < start + length - 1 and draw(st.booleans()):
            end = min(inner + draw(st.integers(0, 40)), start + length - 1)
            symbols.append(symbol(inner, end, "Outer"))
            inner = end + 1
        line = start + length
    total = line + draw(st.integers(0, 80))
    blank = draw(st.sets(st.integers(0, max(total - 1, 0)), max_size=20))
    return ["" if number in blank else "x = 1" for number in range(total)], symbols


@given(outlines())
def test_every_line_is_in_one_chunk_of_good_size(file: tuple[list[str], list[Symbol]]) -> None:
    lines, symbols = file
    found = chunks(lines, symbols)
    assert [number for start, end in found for number in range(start, end)] == list(range(len(lines)))
    assert all(FEWEST_LINES <= end - start <= MOST_LINES for start, end in found[:-1])
    assert all(0 < end - start <= MOST_LINES for start, end in found[-1:])


@given(outlines())
def test_no_cut_falls_into_a_short_symbol(file: tuple[list[str], list[Symbol]]) -> None:
    lines, symbols = file
    short = [s for s in symbols if s.end_line - s.start_line + 1 <= FEWEST_LINES]
    for cut, _ in chunks(lines, symbols)[1:]:
        assert not [s for s in short if s.start_line < cut <= s.end_line]


def test_a_symbol_starts_a_chunk_rather_than_a_blank_line() -> None:
    lines = ["x"] * 100
    lines[60] = ""
    assert chunks(lines, [symbol(40, 80)]) == [(0, 40), (40, 100)]


def test_an_outer_symbol_starts_a_chunk_rather_than_an_inner_one() -> None:
    inner = [symbol(line, line + 3, "Outer") for line in range(2, 60, 4)]
    assert chunks(["x"] * 100, [symbol(0, 45), *inner, symbol(46, 99)])[0] == (0, 46)


def test_without_symbols_a_blank_line_ends_a_chunk() -> None:
    lines = ["x"] * 120
    lines[49] = ""
    assert chunks(lines)[0] == (0, 50)


def test_without_anything_chunks_are_as_long_as_they_may_be() -> None:
    assert chunks(["x"] * 150) == [(0, 64), (64, 128), (128, 150)]


def test_no_stump_is_left_at_the_end() -> None:
    assert chunks(["x"] * 66) == [(0, 54), (54, 66)]


def test_symbols_of_another_text_do_no_harm() -> None:
    assert chunks(["x"] * 10, [symbol(-5, 3), symbol(8, 900), symbol(400, 500)]) == [(0, 10)]
    assert chunks([], [symbol(0, 5)]) == []

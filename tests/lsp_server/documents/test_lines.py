import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents import lines as lines_module
from mellum_ls.lsp_server.documents.lines import CHUNK, Lines

# Enough lines for several chunks, of which hypothesis need only choose the number.
contents = st.integers(0, 5 * CHUNK).map(lambda count: [f"{number} '''\n" for number in range(count)])
cuts = st.integers(0, 6 * CHUNK)


def chunk_count(lines: Lines) -> int:
    return len(lines._chunks)


@given(contents, st.lists(st.tuples(cuts, cuts, st.integers(0, 3 * CHUNK)), max_size=5))
def test_replacing_does_what_lists_do_and_leaves_the_old_lines_alone(
    plain: list[str], changes: list[tuple[int, int, int]]
) -> None:
    lines = Lines(plain)
    for one, other, count in changes:
        start, stop = sorted((min(one, len(plain)), min(other, len(plain))))
        new = [f"new {number}\n" for number in range(count)]
        before, kept = lines, list(plain)
        lines = lines.replaced(start, stop, new)
        plain[start:stop] = new
        assert (list(lines), len(lines)) == (plain, len(plain))
        assert before == kept
        assert lines.chars == sum(map(len, plain))


@given(contents, st.integers(-9, 6 * CHUNK), st.integers(-9, 6 * CHUNK), st.sampled_from([None, 1, 2, -1]))
def test_slices_and_sums_are_those_of_tuples(plain: list[str], start: int, stop: int, step: int | None) -> None:
    lines = Lines(plain)
    part = lines[start:stop:step]
    assert tuple(part) == tuple(plain)[start:stop:step]
    assert list(reversed(part)) == plain[start:stop:step][::-1]
    assert list(part + lines) == plain[start:stop:step] + plain
    assert part.occurrences("'''") == len(part)


def test_single_lines_by_index() -> None:
    lines = Lines([str(number) for number in range(3 * CHUNK)])
    for index in (0, CHUNK - 1, CHUNK, 3 * CHUNK - 1, -1, -3 * CHUNK):
        assert lines[index] == str(range(3 * CHUNK)[index])
    for index in (3 * CHUNK, -3 * CHUNK - 1):
        with pytest.raises(IndexError):
            lines[index]
    with pytest.raises(IndexError):
        Lines()[0]


def test_they_equal_any_sequence_of_the_same_lines_however_they_are_cut() -> None:
    plain = ["a\n"] * (3 * CHUNK)
    lines = Lines(plain)
    cut_otherwise = lines[:7] + lines[7:]
    assert lines == plain == cut_otherwise == tuple(plain)
    assert hash(lines) == hash(cut_otherwise)
    assert lines != plain[1:]
    assert lines != [*plain[1:], "b"]
    assert lines != "a"


def test_an_edit_shares_every_chunk_but_its_own() -> None:
    lines = Lines(["line\n"] * 60_000)
    edited = lines.replaced(30_000, 30_001, ["x\n", "y\n"])
    shared = {id(chunk) for chunk in lines._chunks} & {id(chunk) for chunk in edited._chunks}
    assert len(shared) == chunk_count(lines) - 1
    assert len({id(chunk) for chunk in lines[1:]._chunks} & {id(chunk) for chunk in lines._chunks}) == len(shared)


def test_what_is_counted_once_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    count = lines_module._Chunk.occurrences

    def noting(self: lines_module._Chunk, word: str) -> int:
        searched.append(0 if word in self._found else len(self.lines))
        return count(self, word)

    monkeypatch.setattr(lines_module._Chunk, "occurrences", noting)
    lines = Lines(["a\n"] * 60_000)
    assert lines.occurrences("a") == 60_000
    assert sum(searched) == 60_000
    searched.clear()
    assert lines.replaced(5, 6, ["b\n"]).occurrences("a") == 59_999
    assert sum(searched) <= 2 * CHUNK


def test_chunks_stay_of_a_size_whatever_is_typed() -> None:
    lines = Lines(["a\n"])
    for number in range(10 * CHUNK):
        lines = lines.replaced(number, number, ["b\n"])
    assert max(len(chunk.lines) for chunk in lines._chunks) < 2 * CHUNK
    assert chunk_count(lines) <= 20
    assert chunk_count(lines.replaced(0, len(lines), [])) == 0


def test_no_line_gets_into_a_log() -> None:
    assert repr(Lines(["secret\n", ""])) == "<2 lines>"


@given(
    lines=st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), max_size=40),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4),
    change=st.none() | st.tuples(st.integers(0, 39), st.sampled_from(["a\n", "b\n", "z\n"])),
)
def test_equality_does_not_depend_on_how_the_lines_are_cut(
    lines: list[str], cuts: list[tuple[int, int]], change: tuple[int, str] | None
) -> None:
    whole, other = Lines(lines), Lines(lines)
    for start, stop in cuts:
        start, stop = sorted((min(start, len(lines)), min(stop, len(lines))))
        other = Lines.joined((other[:start], other[start:stop], other[stop:]))
    expected = list(lines)
    if change is not None and change[0] < len(lines):
        expected[change[0]] = change[1]
        other = other.replaced(change[0], change[0] + 1, [change[1]])
    assert (whole == other) == (lines == expected)
    assert (other == whole) == (lines == expected)
    assert other == expected

import shutil
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._cpu import binding
from mellum_ls.kernels._cpu.binding import Library, library, matrix_of, readable
from mellum_ls.kernels.linear import linear_reference
from mellum_ls.kernels.packing import FORMATS, PANEL, Format, Packed, pack, packed, panelled

FOUND = library()
compiled = pytest.mark.skipif(isinstance(FOUND, str), reason=f"compiled operations: {FOUND}")


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("c++") is None, reason="no compiler to install with")
def test_where_there_is_a_compiler_there_is_a_library() -> None:
    assert isinstance(FOUND, Library), FOUND


@compiled
@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 80),
    columns=st.integers(1, 40).map(lambda eighths: 8 * eighths),
    count=st.integers(1, 20),
    format=st.sampled_from([*FORMATS, "bfloat16", "panels"]),
    seed=st.integers(0, 2**32),
)
def test_products_equal_the_reference_and_each_row_its_own(
    rows: int, columns: int, count: int, format: str, seed: int
) -> None:
    assert isinstance(FOUND, Library)
    generator = torch.Generator().manual_seed(seed)
    rows = -(-rows // PANEL) * PANEL if format == "panels" else rows
    x, weight = torch.randn(count, columns, generator=generator), torch.randn(rows, columns, generator=generator)
    one = _packed(weight, format)
    matrix = matrix_of(one)
    found = FOUND.linear(x, matrix)
    torch.testing.assert_close(found, linear_reference(x, one), rtol=2e-5, atol=2e-5 * columns**0.5)
    for row in range(count):
        assert torch.equal(found[row : row + 1], FOUND.linear(x[row : row + 1], matrix))


def _packed(weight: torch.Tensor, format: str) -> Packed:
    if format == "panels":
        return panelled(weight)
    known: Format | None = next((known for known in FORMATS if known == format), None)
    return packed(weight.bfloat16()) if known is None else pack(weight, known, 32)


@compiled
@given(rows=st.integers(1, 60), columns=st.integers(1, 9).map(lambda eighths: 8 * eighths), seed=st.integers(0, 2**32))
def test_the_likeliest_is_the_largest_with_its_share(rows: int, columns: int, seed: int) -> None:
    assert isinstance(FOUND, Library)
    generator = torch.Generator().manual_seed(seed)
    x, weight = torch.randn(1, columns, generator=generator), torch.randn(rows, columns, generator=generator)
    scores = FOUND.linear(x, matrix_of(weight))[0]
    place, share = FOUND.likeliest(x, matrix_of(weight))
    assert place == int(scores.argmax())
    assert share == pytest.approx(float(scores.softmax(-1)[place]), rel=1e-5)
    assert FOUND.likeliest(x, matrix_of(torch.zeros(rows, columns))) == (0, pytest.approx(1 / rows))
    several = torch.randn(5, columns, generator=generator)
    assert FOUND.highest(several, matrix_of(weight)) == FOUND.linear(several, matrix_of(weight)).argmax(-1).tolist()
    assert FOUND.highest(several, matrix_of(torch.zeros(rows, columns))) == [0] * 5


@compiled
def test_threads_change_no_bit() -> None:
    assert isinstance(FOUND, Library)
    x, weight = torch.randn(9, 64), torch.randn(1000, 64)
    matrix = matrix_of(weight)
    try:
        found = []
        for few, many in ((1, 1), (2, 2), (5, 1), (1, 3), (2, 5), (1, 1)):
            FOUND.set_threads(few, many)
            assert FOUND.threads == (few, many)
            found += [FOUND.linear(x, matrix) for _ in range(20)]
    finally:
        FOUND.set_threads(1, 1)
    assert all(torch.equal(found[0], other) for other in found)


@compiled
def test_vectors_of_sixteen_are_used_where_the_processor_has_them() -> None:
    assert isinstance(FOUND, Library)
    try:
        assert FOUND.set_lanes(8) == 8
        most = FOUND.set_lanes(16)
    finally:
        FOUND.set_lanes(16)
    # GCC's code alone has them; no compiler but that is known by this.
    flags = Path("/proc/cpuinfo").read_text("ascii") if sys.platform == "linux" else ""
    assert most == 8 or "avx512f" in flags
    if "avx512f" in flags and shutil.which("g++") is not None:
        assert most == 16


@compiled
@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 80).map(lambda eighths: 8 * eighths),
    count=st.integers(1, 40),
    format=st.sampled_from([*FORMATS, "bfloat16", "panels"]),
    seed=st.integers(0, 2**32),
)
def test_the_width_of_vectors_changes_no_bit(rows: int, columns: int, count: int, format: str, seed: int) -> None:
    assert isinstance(FOUND, Library)
    generator = torch.Generator().manual_seed(seed)
    rows = -(-rows // PANEL) * PANEL if format == "panels" else rows
    x = torch.randn(count, columns, generator=generator)
    weight = _packed(torch.randn(rows, columns, generator=generator), format)
    found = []
    try:
        for lanes in (8, 16):
            FOUND.set_lanes(lanes)
            found.append(FOUND.linear(x, matrix_of(weight)))
    finally:
        FOUND.set_lanes(16)
    assert torch.equal(*found)


@compiled
def test_a_pass_of_a_few_rows_takes_all_threads_until_they_wait_for_each_other() -> None:
    assert isinstance(FOUND, Library)
    smooth, held_up = (5, 10), (6, 10)
    assert FOUND.allowed([smooth] * 500) == [True] * 500
    # Once held up it goes without them for a while, then tries again; while that is held up, too, for twice as long.
    assert FOUND.allowed([held_up] * 200) == [True] + [False] * 64 + [True] + [False] * 128 + [True] + [False] * 5
    # One that went well is no sign of an idle machine: the next rest is twice as long all the same.
    after = [held_up] * 65 + [smooth] + [held_up] * 130
    assert FOUND.allowed(after) == [True] + [False] * 64 + [True] + [True] + [False] * 128 + [True]
    # Every 64 in a row halve it.
    for halved, rest in ((63, 256), (64, 128), (128, 64), (640, 64)):
        busy = [held_up] * (65 + 129)
        tries = FOUND.allowed([*busy, *[smooth] * halved, *[held_up] * (rest + 2)])
        assert tries[-rest - 2 :] == [True] + [False] * rest + [True]
    # However long others compute, it is tried again.
    tries = FOUND.allowed([held_up] * 60_000)
    places = [place for place, allowed in enumerate(tries) if allowed]
    assert max(later - earlier for earlier, later in pairwise(places)) == 8192 + 1


def test_what_it_cannot_read_is_refused() -> None:
    assert readable(packed(torch.zeros(3, 16)))
    for weight in (torch.zeros(3, 12), torch.zeros(16, 3).t(), torch.zeros(3, 16, dtype=torch.float16)):
        assert not readable(packed(weight))
        with pytest.raises(ValueError, match="does not read"):
            matrix_of(weight)


@compiled
def test_why_there_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert binding.library.__wrapped__() == "they need AVX2, and this processor has DEFAULT"
    monkeypatch.undo()
    monkeypatch.setattr(binding, "VERSION", 0)
    assert "install again" in str(binding.library.__wrapped__())
    monkeypatch.setattr(binding, "__file__", str(tmp_path / "binding.py"))
    assert "compiler" in str(binding.library.__wrapped__())
    damaged = tmp_path / f"native{binding.EXTENSION_SUFFIXES[0]}"
    damaged.write_bytes(b"not a library")
    assert "cannot be loaded" in str(binding.library.__wrapped__())

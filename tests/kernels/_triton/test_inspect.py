"""Of the listing that is read here, the lines are those of nvdisasm; kernels are compiled by the tests of
runtime/bench/compiled.py."""

import dataclasses
from pathlib import Path

import pytest
import torch
import triton

from mellum_ls.kernels._triton.inspect import Compiled, compiled, fingerprint, loads, signature
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels.packing import pack

KERNEL = """import triton.language as tl


def kernel(a_ptr, b_ptr):
    a = tl.load(
        a_ptr + 1,
        mask=True,
    )
    return a + tl.load(b_ptr)
"""


def listed(path: Path, *lines: tuple[int, str]) -> str:
    return "\n".join(f'\t//## File "{path}", line {line}\n        /*0010*/   {code} ;' for line, code in lines)


def test_loads_are_told_apart_by_their_pointers(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text(KERNEL)
    code = listed(
        path,
        (5, "@P0 LDG.E.128 R4, desc[UR4][R2.64]"),
        (6, "LDGSTS.E.BYPASS.128 [R9], desc[UR4][R2.64]"),
        (9, "LDG.E.U16 R4, desc[UR4][R2.64]"),
        (9, "LDG.E R4, desc[UR4][R2.64]"),
        (9, "LDGSTS.E.64 [R9], desc[UR4][R2.64]"),
        (1, "LDG.E R4, desc[UR4][R2.64]"),
        (9, "STG.E R4, desc[UR4][R2.64]"),
    )
    assert loads(code) == {"a_ptr + 1": {128: 2}, "b_ptr": {16: 1, 32: 1, 64: 1}, "": {32: 1}}


FIT = Compiled("some", 90, 128, 0, 0, 0, 227 * 1024, 900, 8, {"weight_ptr + 1": {128: 2, 64: 1}}, 1.0)


def test_what_fits_has_no_faults_and_what_does_not_says_why() -> None:
    assert FIT.faults() == []
    assert dataclasses.replace(FIT, target=80).faults() == [
        f"some for sm_80: {227 * 1024} bytes of shared memory, of at most {163 * 1024}"
    ]
    for field, value in (("spills", 2), ("local", 16), ("stack", 8), ("registers", 256)):
        faults = dataclasses.replace(FIT, **{field: value}).faults()
        assert len(faults) == 1
        assert str(value) in faults[0]


def test_widths_are_asked_for_by_the_beginning_of_a_pointer() -> None:
    assert (FIT.narrowest("weight_ptr"), FIT.widest("weight_ptr")) == (64, 128)
    with pytest.raises(LookupError, match="nothing is loaded through scale_ptr, only through weight_ptr"):
        FIT.widest("scale_ptr")


def test_the_compiler_is_told_what_a_launch_would_find_out() -> None:
    x, out = torch.empty(1, 64), torch.empty(1, 48)
    launch = project("some", x, pack(torch.ones(48, 64), "int8"), out, Tile(16, 64, 1), eps=1.0)
    types, constants, attributes = signature(launch)
    assert (types["x_ptr"], types["weight_ptr"], types["eps"], types["N"]) == ("*fp32", "*i8", "fp32", "i32")
    assert (types["norm_ptr"], constants["norm_ptr"]) == ("constexpr", None)
    assert (types["TILE_ROWS"], constants["TILE_ROWS"]) == ("constexpr", 1)
    places = {name: (place,) for place, name in enumerate(launch.kernel.arg_names)}
    assert places["N"] in attributes  # 48 is a multiple of 16
    assert places["eps"] not in attributes
    # Of the rows only the type is told, so that 1 and 16 of them are no kernels of their own.
    assert types["rows_there"] == "i32"
    assert places["rows_there"] not in attributes


def test_where_triton_interprets_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = project("some", torch.empty(1, 64), pack(torch.ones(48, 64), "int8"), torch.empty(1, 48), Tile(16, 64, 1))
    monkeypatch.setattr(triton.knobs.runtime, "interpret", True)
    for look in (compiled, fingerprint):
        with pytest.raises(RuntimeError, match="without TRITON_INTERPRET"):
            look(launch, 90)

import pytest
import torch

from mellum_ls.kernels._triton.tuning import key_of
from mellum_ls.runtime.bench.tune import LEAST, MOST, candidates, formats_of, jobs


def test_each_kernel_is_tuned_once_whichever_model_has_it() -> None:
    assert formats_of("int4") == {
        "qkv": "int8", "output": "int8", "gate_up": "int4", "down": "int4", "head": "int8"
    }  # fmt: skip
    found = jobs(["int4", "int8"])
    keys = {key_of(op, formats_of(format)[op], rows) for format, op, rows, _ in found}
    assert keys == {
        key_of(op, kind, rows)
        for op in ("qkv", "output", "gate_up", "down", "head")
        for kind in {formats_of("int4")[op], formats_of("int8")[op]}
        for rows in (1, 4)
    }
    assert len(found) == len({(op, formats_of(format)[op], rows, tile) for format, op, rows, tile in found})


@pytest.mark.parametrize("op", ["qkv", "gate_up", "down"])
@pytest.mark.parametrize("rows", [1, 4])
def test_tiles_are_neither_empty_nor_too_large_for_the_registers(op: str, rows: int) -> None:
    times = {"down": 8, "gate_up": 2}.get(op, 1) if rows == 1 or op == "gate_up" else 1
    found = list(candidates(op, "int4", rows))
    assert 5 < len(found) < 60
    for tile in found:
        assert LEAST <= tile.outputs * times * tile.width * 4 / (32 * tile.warps) <= MOST
        assert rows == 1 or tile.outputs >= 16


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU to time tiles on")
def test_a_tile_that_does_not_compile_has_no_time() -> None:
    from mellum_ls.kernels._triton.projection import Tile
    from mellum_ls.runtime.bench.tune import times

    found = times([("int4", "output", 1, Tile(4, 256, 4)), ("int4", "output", 1, Tile(3, 256, 4))])
    assert list(found["output/int8/one"]) == ["[4, 256, 4, 3]"]

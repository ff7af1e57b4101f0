import pytest
import torch

from mellum_ls.kernels._triton import attend
from mellum_ls.kernels._triton.tuned import MEASURED
from mellum_ls.kernels._triton.tuning import Tuning, default_tile, key_of
from mellum_ls.kernels.packing import FORMATS, Format, pack


def test_the_rule_reads_whole_rows_in_wide_pieces() -> None:
    widths = {}
    for format in FORMATS:
        for columns in (2304, 896, 4096):
            tile = default_tile("qkv", pack(torch.ones(1, columns), format), 1)
            widths[format, columns] = tile.width
            stored = columns // 8 if format == "int4" else columns
            assert stored % tile.width == 0
    assert widths["int4", 2304] == 32
    assert widths["float", 2304] == 256
    assert widths["int8", 896] == 128


@pytest.mark.parametrize("format", FORMATS)
def test_odd_widths_have_a_tile_that_a_tensor_core_takes(format: Format) -> None:
    tile = default_tile("down", pack(torch.ones(1, 20), format), 4)
    assert tile.width >= 16
    assert tile.outputs >= 16


def test_an_architecture_takes_its_own_table_or_that_of_the_one_before() -> None:
    weight = pack(torch.ones(1, 2304), "int8")
    name, entry = next((n, e) for n, e in MEASURED["sm_90"].items() if n.startswith("qkv/int8/one"))
    tile = Tuning.of((9, 0)).tile("qkv", weight, 1)
    assert (tile.outputs, tile.width, tile.warps, tile.stages) == entry
    assert name == key_of("qkv", "int8", 1)
    assert Tuning.of((9, 3)).measured == Tuning.of((9, 0)).measured
    assert Tuning.of((8, 6)).tile("qkv", weight, 1) == default_tile("qkv", weight, 1)
    assert [Tuning.of(c).overlaps for c in ((8, 0), (8, 9), (9, 0), (12, 0))] == [False, False, True, True]


def test_attention_has_tiles_of_its_own_by_rows() -> None:
    tuning = Tuning.of((9, 0))
    assert tuning.attention(1, 8, torch.bfloat16) == attend.Tile(*MEASURED["sm_90"]["attend/1"])
    # Measured in bfloat16; float32 takes twice the room.
    assert tuning.attention(1, 8, torch.float32) == attend.default_tile(1, 8, torch.float32)
    assert tuning.attention(3, 8, torch.bfloat16) == attend.default_tile(3, 8, torch.bfloat16)

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from mellum_ls.runtime.packed.layout import ALIGNMENT, PAGE, UNWRITTEN, Layout, part_of

TENSORS = [
    ("embedding", torch.zeros(5, 3, dtype=torch.bfloat16)),
    ("norm", torch.zeros(3)),
    ("layers.0.qkv.data", torch.zeros(7, 3, dtype=torch.int8)),
    ("layers.0.qkv.scale", torch.zeros(7)),
    ("layers.1.mlp.data", torch.zeros(2, 16, dtype=torch.int32)),
]
FACTS = {"layout": "1", "source": "abc"}


def test_the_tensors_follow_each_other_by_parts_and_each_is_aligned() -> None:
    layout = Layout.of(TENSORS, FACTS)
    assert layout.data_start % PAGE == 0
    assert [part_of(name) for name in layout.places] == [0, 0, 1, 1, 2]
    assert all(place.start % ALIGNMENT == 0 for place in layout.places.values())
    assert [start for start, _ in layout.parts[1:]] == [end for _, end in layout.parts[:-1]]
    assert layout.places["layers.0.qkv.data"].start == layout.parts[1][0]


def test_the_safetensors_library_reads_it(tmp_path: Path) -> None:
    layout = Layout.of(TENSORS, FACTS)
    (tmp_path / "f").write_bytes(layout.header([UNWRITTEN] * 3) + bytes(layout.size - layout.data_start))
    with safe_open(tmp_path / "f", framework="pt") as file:
        assert file.metadata()["source"] == "abc"
        assert file.get_tensor("layers.1.mlp.data").equal(TENSORS[4][1])
        assert file.get_tensor("embedding").dtype == torch.bfloat16


def test_checksums_come_back_and_leave_the_length() -> None:
    layout = Layout.of(TENSORS, FACTS)
    header = layout.header(["0123abcd", UNWRITTEN, UNWRITTEN])
    assert len(header) == layout.data_start
    assert layout.checksums_in(header) == ["0123abcd", UNWRITTEN, UNWRITTEN]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "damaged"),
        (b"12345678" + b"[" * 100_000, "damaged"),
        (b"12345678[1]", "damaged"),
        (Layout.of(TENSORS, {**FACTS, "source": "abd"}).header([UNWRITTEN] * 3), "its source is abd, wanted abc"),
        (Layout.of(TENSORS[:4], FACTS).header([UNWRITTEN] * 2), "other tensors"),
        (Layout.of([*TENSORS[:4], ("layers.1.mlp.data", torch.zeros(32))], FACTS).header([UNWRITTEN] * 3), "other"),
    ],
)
def test_another_header_is_told_apart_with_a_reason(header: bytes, reason: str) -> None:
    found = Layout.of(TENSORS, FACTS).checksums_in(header)
    assert isinstance(found, str)
    assert reason in found


@given(st.data())
def test_no_changed_byte_of_the_header_goes_unnoticed(data: st.DataObject) -> None:
    layout = Layout.of(TENSORS, FACTS)
    header = bytearray(layout.header(["0123abcd"] * 3))
    place = data.draw(st.integers(0, len(header) - 1))
    header[place] ^= data.draw(st.integers(1, 255))
    found = layout.checksums_in(bytes(header))
    assert isinstance(found, str) or found != ["0123abcd"] * 3


def test_the_header_is_plain_json() -> None:
    layout = Layout.of(TENSORS, FACTS)
    table = json.loads(layout.header([UNWRITTEN] * 3)[8:])
    assert table["norm"] == {"dtype": "F32", "shape": [3], "data_offsets": [64, 76]}
    assert table["pad.0"]["dtype"] == "U8"

import json
import resource
import struct
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.safetensors_header import DTYPE_BITS, read_header

GOOD: dict[str, Any] = {
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]},
}


def write(file: Path, header: bytes, data: bytes = b"\0" * 32, length: int | None = None) -> Path:
    file.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return file


def changed(name: str, **changes: Any) -> bytes:
    return json.dumps({**GOOD, name: {**GOOD[name], **changes}}).encode()


def test_a_sound_header(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    save_file({"b": torch.zeros(3, dtype=torch.int8), "a": torch.zeros(2, 2), "none": torch.zeros(0, 5)}, file)
    entries = read_header(file)
    assert {name: (entry.dtype, entry.shape) for name, entry in entries.items()} == {
        "a": ("F32", (2, 2)),
        "b": ("I8", (3,)),
        "none": ("F32", (0, 5)),
    }
    assert max(entry.end for entry in entries.values()) == file.stat().st_size
    assert entries["a"].end - entries["a"].start == 16


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (changed("b", data_offsets=[16, 24]), "tensor 'b' overlaps the one before"),
        (changed("a", data_offsets=[0, 20]), "needs 24 bytes, has 20"),
        (changed("b", shape=[3], data_offsets=[26, 32]), "leaves a hole before it"),
        (changed("b", shape=[8]), "needs 16 bytes, has 8"),
        (changed("b", shape=[10**40]), "has the shape"),
        (changed("b", shape=[2**62] * 16), "needs .* bytes, has 8"),
        (changed("b", shape=[-4]), "has the shape"),
        (changed("b", shape=[4.0]), "has the shape"),
        (changed("b", dtype="Q4_K"), "has the dtype 'Q4_K', which the format does not know"),
        (changed("b", dtype=["F32"]), "has the dtype"),
        (changed("b", data_offsets=[32, 24]), "has the data_offsets"),
        (changed("b", data_offsets=[24]), "has the data_offsets"),
        (json.dumps({"a": 7}).encode(), "is no object"),
        (b"[1, 2]", "it is no object"),
        (b"[" * 100_000, "recursion"),
        (b"\xff" * 8, "not UTF-8"),
    ],
)
def test_a_damaged_header_names_file_and_remedy(tmp_path: Path, header: bytes, words: str) -> None:
    file = write(tmp_path / "model.safetensors", header)
    with pytest.raises(CheckpointError, match=rf"model\.safetensors.*{words}.*Download or copy it again"):
        read_header(file)


@pytest.mark.parametrize("length", [2 * 10**9, 2**63, 2**64 - 1, 1, 0, 33 + 2])
def test_a_header_that_is_promised_longer_than_the_file(tmp_path: Path, length: int) -> None:
    file = write(tmp_path / "model.safetensors", b"{}", length=length)
    with pytest.raises(CheckpointError, match=rf"{file.name}.*it promises a header of {length} bytes"):
        read_header(file)


def test_a_header_of_two_gigabytes_in_a_file_of_three_is_not_read(tmp_path: Path) -> None:
    file = write(tmp_path / "model.safetensors", b"{}", length=2 * 10**9)
    with file.open("r+b") as stream:
        stream.truncate(3 * 10**9)  # a hole, which takes no room on the disk
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="promises a header of 2000000000 bytes, more than"):
        read_header(file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_too_little_and_too_much_behind_the_header(tmp_path: Path) -> None:
    header = json.dumps(GOOD).encode()
    with pytest.raises(CheckpointError, match=r"is truncated: \d+ bytes, its header promises"):
        read_header(write(tmp_path / "a", header, b"\0" * 31))
    with pytest.raises(CheckpointError, match="5 more than its header describes"):
        read_header(write(tmp_path / "b", header, b"\0" * 37))
    (tmp_path / "c").touch()
    with pytest.raises(CheckpointError, match="c is not a safetensors file: it is empty"):
        read_header(tmp_path / "c")
    with pytest.raises(CheckpointError, match="cannot be opened: No such file"):
        read_header(tmp_path / "d")


numbers = st.integers() | st.integers(0, 64) | st.integers(2**31 - 2, 2**65) | st.just(10**300)
junk = st.recursive(
    st.none() | st.booleans() | numbers | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
tensors = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(sorted(DTYPE_BITS)) | junk,
        "shape": st.lists(numbers, max_size=4) | junk,
        "data_offsets": st.lists(numbers, max_size=3) | junk,
    },
)
headers = st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]) | st.text(max_size=6), tensors | junk, max_size=4)
sound = st.just(json.dumps(GOOD).encode())


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(sound | headers.map(lambda header: json.dumps(header).encode())))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


files = st.one_of(
    st.binary(max_size=80),
    st.builds(lambda header, data: struct.pack("<Q", len(header)) + header + data, mutated(), st.binary(max_size=40)),
    st.builds(lambda header: struct.pack("<Q", len(header)) + header + bytes(32), mutated()),
    st.builds(
        lambda length, header: struct.pack("<Q", length) + header + bytes(32), st.integers(0, 2**64 - 1), mutated()
    ),
)


def never_more_than_a_fault(content: bytes) -> None:
    """A header is read or refused; one that is read is one that the format's own library reads, and the other way."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(content)
        file.flush()
        refusal, ours = "", {}
        try:
            ours = {name: entry.shape for name, entry in read_header(Path(file.name)).items()}
        except CheckpointError as error:
            refusal = str(error)
        if refusal:
            assert file.name in refusal
            assert len(refusal) < 1000
            return
        try:
            with safe_open(file.name, framework="pt") as opened:
                theirs = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, ValueError, OverflowError):
            return  # ours asks for less where nothing is read by it, such as the names in the metadata
        assert ours == theirs


@settings(max_examples=40)
@given(files)
def test_any_file_is_read_or_refused(content: bytes) -> None:
    never_more_than_a_fault(content)

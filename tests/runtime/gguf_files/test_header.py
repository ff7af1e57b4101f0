import struct
from pathlib import Path
from typing import Any

import gguf
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from mellum_ls.runtime.gguf_files.header import is_gguf, read_header


def write(file: Path, **options: Any) -> Path:
    writer = gguf.GGUFWriter(file, "mellum", **options)
    writer.add_uint8("of.u8", 200)
    writer.add_int8("of.i8", -100)
    writer.add_uint16("of.u16", 60000)
    writer.add_int16("of.i16", -30000)
    writer.add_uint32("of.u32", 4_000_000_000)
    writer.add_int32("of.i32", -2_000_000_000)
    writer.add_float32("of.f32", 1e-6)
    writer.add_bool("of.bool", True)
    writer.add_string("of.text", "größer → 日本語")
    writer.add_uint64("of.u64", 1 << 60)
    writer.add_int64("of.i64", -(1 << 60))
    writer.add_float64("of.f64", 0.1)
    writer.add_array("of.texts", ["", "a", "Ġdef"])
    writer.add_array("of.numbers", [1, -2, 3])
    writer.add_array("of.flags", [True, False])
    writer.add_tensor("matrix", numpy.arange(12, dtype=numpy.float32).reshape(3, 4))
    writer.add_tensor("norm", numpy.ones(5, dtype=numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.mark.parametrize("alignment", [32, 64])
def test_values_and_tensors_are_those_that_the_package_reads(tmp_path: Path, alignment: int) -> None:
    file = write(tmp_path / "model.gguf")
    if alignment != 32:
        writer = gguf.GGUFWriter(file, "mellum")
        writer.add_custom_alignment(alignment)
        writer.add_tensor("matrix", numpy.arange(12, dtype=numpy.float32).reshape(3, 4))
        writer.add_tensor("norm", numpy.ones(5, dtype=numpy.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    header, theirs = read_header(file), gguf.GGUFReader(file)
    fields = {name: field for name, field in theirs.fields.items() if not name.startswith("GGUF.")}
    assert header.metadata.keys() == fields.keys()
    for name, value in header.metadata.items():
        found, wanted = list(value) if isinstance(value, tuple) else value, fields[name].contents()
        assert found == (pytest.approx(wanted, rel=1e-7) if isinstance(wanted, float) else wanted), name
    assert [(name, info.start, int(info.kind)) for name, info in header.tensors.items()] == [
        (tensor.name, tensor.data_offset, int(tensor.tensor_type)) for tensor in theirs.tensors
    ]
    assert header.tensors["matrix"].shape == (3, 4)
    assert header.size == file.stat().st_size


def test_a_float_is_what_was_written_and_not_what_float32_made_of_it(tmp_path: Path) -> None:
    assert read_header(write(tmp_path / "model.gguf")).metadata["of.f32"] == 1e-6


def test_the_name_says_nothing(tmp_path: Path) -> None:
    blob = write(tmp_path / "sha256-0123")
    assert is_gguf(blob)
    assert read_header(blob).metadata["of.bool"] is True
    (tmp_path / "named.gguf").write_bytes(b"GGU")
    assert not is_gguf(tmp_path / "named.gguf")
    assert not is_gguf(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "pointer of Git LFS.*not downloaded"),
        (b"<!doctype html>", "text, as servers send it"),
        (b"tjgg" + bytes(40), "the format before GGUF"),
        (b"\x89PNG" + bytes(40), "it begins with 89 50 4e 47"),
        (b"GGUF", "is cut off: it has 4 bytes"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(40), "GGUF of version 1; 2 and 3 are read. Take a newer file"),
        (b"GGUF" + struct.pack("<I", 4) + bytes(40), "GGUF of version 4; 2 and 3 are read. Update mellum-ls"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60) + bytes(40), "cut off in its header or damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0) + bytes(40), "cut off in its header or damaged"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 40) + bytes(40), "has a name of 1099511627776 bytes"),
        # An array of as many numbers as no file has, and arrays in arrays without end.
        (b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 0, 1, 1, b"a", 9, 4, 1 << 61), "cut off in its header or damaged"),
        (
            b"GGUF" + struct.pack("<IQQQ1s", 3, 0, 1, 1, b"a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 20,
            "gives 'a' the unknown type 9",
        ),
        (b"GGUF" + struct.pack("<IQQQ1sI", 3, 0, 1, 1, b"a", 77) + bytes(40), "gives 'a' the unknown type 77"),
        (
            b"GGUF" + struct.pack("<IQQQ1sIQ2s", 3, 0, 1, 1, b"a", 8, 2, b"\xff\xfe"),
            "text at byte 45 that is not UTF-8",
        ),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sI", 1, b"t", 9) + bytes(40), "9 dimensions"),
    ],
)
def test_something_else_is_named_with_the_remedy(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"model\.gguf .*{said}.*\.$"):
        read_header(file)


def test_a_file_for_big_endian_machines(tmp_path: Path) -> None:
    file = write(tmp_path / "model.gguf", endianess=gguf.GGUFEndian.BIG)
    with pytest.raises(CheckpointError, match=r"big-endian machines\. Take the file for x86 and ARM"):
        read_header(file)


def test_the_same_name_twice(tmp_path: Path) -> None:
    file = write(tmp_path / "model.gguf")
    data = file.read_bytes()
    file.write_bytes(data.replace(b"of.i8", b"of.u8"))
    with pytest.raises(CheckpointError, match=r"says 'of\.u8' twice"):
        read_header(file)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"there is no file .*none\.gguf"):
        read_header(tmp_path / "none.gguf")


def test_a_header_that_is_cut_off_anywhere(tmp_path: Path) -> None:
    whole = write(tmp_path / "model.gguf").read_bytes()
    end = whole.index(b"norm") + len("norm") + 24
    cut = tmp_path / "cut.gguf"
    for length in range(1, end, 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"cut\.gguf"):
            read_header(cut)
    cut.write_bytes(whole[:end])
    assert read_header(cut).tensors.keys() == {"matrix", "norm"}


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(8, 900), st.integers(0, 255)), max_size=6), cut=st.integers(8, 1200))
def test_a_damaged_header_is_an_error_or_reads(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    data = bytearray(_written(folder)[:cut])
    for place, value in changes:
        if place < len(data):
            data[place] = value
    file = folder / "damaged.gguf"
    file.write_bytes(bytes(data))
    try:
        read_header(file)
    except CheckpointError as error:
        assert "damaged.gguf" in str(error)  # noqa: PT017 -- most of them raise


def _written(folder: Path) -> bytes:
    file = folder / "whole.gguf"
    return (file if file.exists() else write(file)).read_bytes()

from pathlib import Path

import gguf
import numpy
import pytest

from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from mellum_ls.runtime.gguf_files.parts import open_parts, split_files


def write_split(folder: Path) -> list[Path]:
    writer = gguf.GGUFWriter(folder / "model.gguf", "mellum", split_max_tensors=2)
    writer.add_uint32("mellum.block_count", 7)
    for number in range(5):
        writer.add_tensor(f"t{number}", numpy.full(4, number, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sorted(folder.glob("*.gguf"))


@pytest.mark.parametrize("named", [0, 1, 2])
def test_all_parts_are_found_from_any(tmp_path: Path, named: int) -> None:
    files = write_split(tmp_path)
    assert [file.name for file in files] == [f"model-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    assert split_files(files[named]) == files
    model = open_parts(files[named])
    assert model.metadata["mellum.block_count"] == 7
    assert {name: header.path.name[6:11] for name, (header, _) in model.tensors.items()} == {
        "t0": "00001",
        "t1": "00001",
        "t2": "00002",
        "t3": "00002",
        "t4": "00003",
    }


def test_missing_parts_are_named(tmp_path: Path) -> None:
    files = write_split(tmp_path)
    files[1].unlink()
    with pytest.raises(
        CheckpointError, match=r"lacks 1 of 3 parts of model-00001-of-00003\.gguf: model-00002-of-00003"
    ):
        open_parts(files[0])


def test_a_part_under_another_parts_name(tmp_path: Path) -> None:
    files = write_split(tmp_path)
    files[1].write_bytes(files[2].read_bytes())
    with pytest.raises(CheckpointError, match=r"model-00002-of-00003\.gguf is not the part that its name says"):
        open_parts(files[0])


def test_a_part_that_lost_its_name(tmp_path: Path) -> None:
    files = write_split(tmp_path)
    renamed = files[0].rename(tmp_path / "first.gguf")
    with pytest.raises(CheckpointError, match=r"first\.gguf is one of 3 parts .* Keep the names"):
        open_parts(renamed)


def test_tensors_that_the_first_part_does_not_promise(tmp_path: Path) -> None:
    files = write_split(tmp_path)
    data = files[0].read_bytes()
    at = data.index(b"split.tensors.count") + len("split.tensors.count") + 4
    files[0].write_bytes(data[:at] + b"\x09" + data[at + 1 :])
    with pytest.raises(CheckpointError, match="have 5 tensors, the first promises 9"):
        open_parts(files[0])


def test_one_file(tmp_path: Path) -> None:
    assert split_files(tmp_path / "model.gguf") == [tmp_path / "model.gguf"]
    with pytest.raises(ModelNotFound):
        open_parts(tmp_path / "model.gguf")

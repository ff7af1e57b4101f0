import re
from pathlib import Path
from typing import Any

import gguf
import numpy
import pytest
import torch
from gguf.constants import GGMLQuantizationType

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, load_packed
from mellum_ls.runtime.gguf_files.facts import read_config
from mellum_ls.runtime.gguf_files.parts import open_parts
from mellum_ls.runtime.gguf_files.weights import GgufCheckpoint
from mellum_ls.runtime.packed.naming import named
from mellum_ls.runtime.weights import expected_tensors, load_weights
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.gguf_models import write_gguf

CPU = torch.device("cpu")
# Rows of 64 and 32 numbers, so that every type of blocks of 32 can hold them.
RAW = small_config(hidden_size=64, moe_intermediate_size=32)


def opened(file: Path) -> tuple[GgufCheckpoint, ModelConfig]:
    model = open_parts(file)
    config = read_config(model.metadata, file)
    return GgufCheckpoint.of(model, config), config


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("small") / "model", RAW)


@pytest.fixture
def file(directory: Path, tmp_path: Path) -> Path:
    return write_gguf(directory, tmp_path / "model.gguf", "F32")


def test_every_tensor_is_the_directorys(directory: Path, file: Path) -> None:
    checkpoint, config = opened(file)
    wanted = Checkpoint.open(directory)
    assert checkpoint.tensors.keys() == expected_tensors(config).keys()
    theirs = dict(wanted.read(wanted.tensors))
    found = dict(checkpoint.read(checkpoint.tensors))
    assert found.keys() == theirs.keys()
    for name, tensor in found.items():
        assert torch.equal(tensor, theirs[name]), name
        assert checkpoint.tensors[name].shape == theirs[name].shape


@pytest.mark.parametrize(("kind", "error"), [("BF16", 2**-8), ("Q8_0", 0.005), ("Q5_0", 0.07), ("MXFP4", 0.26)])
def test_matrices_are_within_their_type_and_the_router_is_exact(
    directory: Path, tmp_path: Path, kind: str, error: float
) -> None:
    wanted = Checkpoint.open(directory)
    if kind == "MXFP4":  # as llama.cpp does it: the experts alone
        file = write_gguf(directory, tmp_path / "model.gguf", "Q8_0", change=experts_as(GGMLQuantizationType.MXFP4))
    else:
        file = write_gguf(directory, tmp_path / "model.gguf", kind)
    checkpoint, config = opened(file)
    assert kind in checkpoint.stored_types
    theirs = load_weights(wanted, config, CPU, torch.float32)
    found = load_weights(checkpoint, config, CPU, torch.float32)
    for (name, tensor), (_, exact) in zip(named(found), named(theirs), strict=True):
        if "norm" in name or "router" in name:
            assert torch.equal(tensor, exact), name
        else:
            assert (tensor - exact).abs().max() <= error * exact.abs().max(), name
            assert not torch.equal(tensor, exact), name


def experts_as(kind: GGMLQuantizationType) -> Any:
    """Store the experts of a writer in another type."""

    def change(writer: gguf.GGUFWriter) -> None:
        for infos in writer.tensors:
            for name in [name for name in infos if "_exps" in name]:
                values = gguf.dequantize(infos[name].tensor, infos[name].dtype)
                tensor = gguf.quantize(values, kind)
                infos[name].tensor, infos[name].dtype, infos[name].nbytes = tensor, kind, tensor.nbytes

    return change


def test_it_is_packed_into_our_formats(file: Path, directory: Path) -> None:
    checkpoint, config = opened(file)
    for format in ("int8", "int4"):
        found = load_packed(checkpoint, config, CPU, torch.float32, WEIGHT_FORMATS[format])
        wanted = load_packed(Checkpoint.open(directory), config, CPU, torch.float32, WEIGHT_FORMATS[format])
        assert all(
            torch.equal(ours, theirs) for (_, ours), (_, theirs) in zip(named(found), named(wanted), strict=True)
        )


def test_queries_keys_and_values_in_one(directory: Path, file: Path, tmp_path: Path) -> None:
    def fuse(writer: gguf.GGUFWriter) -> None:
        for index in range(4):
            parts = [writer.tensors[0].pop(f"blk.{index}.attn_{letter}.weight").tensor for letter in "qkv"]
            writer.add_tensor(f"blk.{index}.attn_qkv.weight", numpy.concatenate(parts))

    fused, config = opened(write_gguf(directory, tmp_path / "fused.gguf", "F32", change=fuse))
    apart, _ = opened(file)
    found = load_weights(fused, config, CPU, torch.float32)
    wanted = load_weights(apart, config, CPU, torch.float32)
    assert all(torch.equal(ours, theirs) for (_, ours), (_, theirs) in zip(named(found), named(wanted), strict=True))


def test_parts_of_a_split_model(directory: Path, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "split"
    folder.mkdir()
    write_gguf(directory, folder / "model.gguf", "F32", split_max_tensors=20)
    parts = sorted(folder.iterdir())
    assert len(parts) == 3
    found, _ = opened(parts[0])
    wanted, _ = opened(file)
    theirs = dict(wanted.read(wanted.tensors))
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in found.read(found.tensors))
    assert {place.file for place in found.places.values()} == set(parts)


def test_what_is_missing_is_named_as_the_file_names_it(directory: Path, tmp_path: Path) -> None:
    def lose(writer: gguf.GGUFWriter) -> None:
        del writer.tensors[0]["blk.2.ffn_up_exps.weight"], writer.tensors[0]["output.weight"]

    with pytest.raises(CheckpointError, match=r"lost\.gguf lacks 2 of 51 tensors: output\.weight, blk\.2\.ffn_up_exps"):
        opened(write_gguf(directory, tmp_path / "lost.gguf", "F32", change=lose))


def test_what_is_none_of_this_architecture(directory: Path, tmp_path: Path) -> None:
    def add(writer: gguf.GGUFWriter) -> None:
        writer.add_tensor("blk.1.attn_q.bias", numpy.ones(64, dtype=numpy.float32))

    checkpoint, config = opened(write_gguf(directory, tmp_path / "more.gguf", "F32", change=add))
    with pytest.raises(CheckpointError, match=r"blk\.1\.attn_q\.bias is not part of this architecture"):
        load_weights(checkpoint, config, CPU, torch.float32)


def test_another_shape(directory: Path, tmp_path: Path) -> None:
    def change(writer: gguf.GGUFWriter) -> None:
        writer.tensors[0]["output_norm.weight"].shape = (32,)
        writer.tensors[0]["output_norm.weight"].tensor = numpy.ones(32, dtype=numpy.float32)
        writer.tensors[0]["output_norm.weight"].nbytes = 128

    checkpoint, config = opened(write_gguf(directory, tmp_path / "model.gguf", "F32", change=change))
    said = r"do not fit what the file says of itself:\n.*model\.norm\.weight has shape \[32\], wanted \[64\]"
    with pytest.raises(CheckpointError, match=said):
        load_weights(checkpoint, config, CPU, torch.float32)


def test_a_type_that_cannot_be_read(directory: Path, tmp_path: Path) -> None:
    def change(writer: gguf.GGUFWriter) -> None:
        info = writer.tensors[0]["blk.0.attn_q.weight"]
        info.tensor, info.dtype = numpy.zeros(info.shape, dtype=numpy.int32), GGMLQuantizationType.I32

    said = r"blk\.0\.attn_q\.weight is stored in the type I32.*Take a file of another type: F32, F16.*Q4_K.*MXFP4"
    with pytest.raises(CheckpointError, match=said):
        opened(write_gguf(directory, tmp_path / "model.gguf", "F32", change=change))


@pytest.mark.parametrize("cut", [1, 1000, 40_000])
def test_a_file_that_is_cut_off(file: Path, cut: int) -> None:
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(
        CheckpointError, match=r"model\.gguf is cut off: it has \d+ bytes, .* goes on to \d+\. Download"
    ):
        opened(file)


def test_a_file_that_is_cut_off_while_it_is_read(file: Path) -> None:
    checkpoint, config = opened(file)
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="became shorter"):
        load_weights(checkpoint, config, CPU, torch.float32)


def test_a_weight_that_is_no_number(directory: Path, tmp_path: Path) -> None:
    def change(writer: gguf.GGUFWriter) -> None:
        writer.tensors[0]["output.weight"].tensor = writer.tensors[0]["output.weight"].tensor.copy()
        writer.tensors[0]["output.weight"].tensor[3, 4] = float("nan")

    checkpoint, config = opened(write_gguf(directory, tmp_path / "nan.gguf", "F32", change=change))
    with pytest.raises(CheckpointError, match=r"nan\.gguf: lm_head\.weight holds a weight that is not a finite number"):
        load_weights(checkpoint, config, CPU, torch.float32)


def test_a_layer_for_further_tokens_is_passed_over(directory: Path, tmp_path: Path) -> None:
    def add(writer: gguf.GGUFWriter) -> None:
        writer.add_uint32("mellum.nextn_predict_layers", 1)
        writer.kv_data[0]["mellum.block_count"].value = 5
        writer.add_tensor("blk.4.nextn.eh_proj.weight", numpy.ones((4, 4), dtype=numpy.float32))
        writer.add_tensor("blk.4.attn_norm.weight", numpy.ones(64, dtype=numpy.float32))

    checkpoint, config = opened(write_gguf(directory, tmp_path / "model.gguf", "F32", change=add))
    assert config.num_hidden_layers == 4
    assert load_weights(checkpoint, config, CPU, torch.float32).mtp is None


def test_stored_types_are_counted(file: Path) -> None:
    checkpoint, _ = opened(file)
    assert checkpoint.stored_types == {"F32": len(checkpoint.tensors)}
    assert re.fullmatch("what the file says of itself", checkpoint.described_by)

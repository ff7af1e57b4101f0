from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, packed, unpack
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import count_parameters
from mellum_ls.runtime.errors import CheckpointError, SettingError
from mellum_ls.runtime.formats import (
    WEIGHT_FORMATS,
    FormatName,
    format_of,
    load_packed,
    named_format,
    quantised,
    read_packed,
    stored_dtype,
)
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.weights import LayerWeights, ModelWeights, allocate, load_weights
from tests.fakes.checkpoints import random_tensors, small_config, write_checkpoint, write_weights

# One dense layer, and widths of which one is a multiple of a block of int4 and one is not.
CONFIG = ModelConfig.from_dict(
    small_config(
        hidden_size=128,
        moe_intermediate_size=40,
        mlp_layer_types=["sparse", "dense", "sparse", "sparse"],
        num_nextn_predict_layers=1,
        mtp_layer_types=["sliding_attention"],
        mtp_mlp_layer_types=["sparse"],
    )
)


@pytest.fixture(scope="module")
def weights() -> ModelWeights:
    made, parts = allocate(CONFIG, torch.device("cpu"), torch.float32, mtp=True)
    tensors = random_tensors(CONFIG, mtp=True)
    for name, part in parts.items():
        part.copy_(tensors[name])
    return made


def floats(weights: ModelWeights) -> ModelWeights:
    """The model that the codes stand for, in floats again."""

    def plain(layer: LayerWeights) -> LayerWeights:
        gate_up, down = (unpack(m) if isinstance(m, Packed) else m for m in (layer.mlp.gate_up, layer.mlp.down))
        assert isinstance(layer.qkv, Packed)
        assert isinstance(layer.output, Packed)
        mlp = replace(layer.mlp, gate_up=gate_up, down=down)
        return replace(layer, qkv=unpack(layer.qkv), output=unpack(layer.output), mlp=mlp)

    assert isinstance(weights.lm_head, Packed)
    return replace(weights, layers=tuple(map(plain, weights.layers)), lm_head=unpack(weights.lm_head), mtp=None)


@pytest.mark.parametrize("name", ["int8", "int4"])
def test_a_packed_model_computes_what_its_codes_stand_for(weights: ModelWeights, name: FormatName) -> None:
    ids = torch.randint(0, CONFIG.vocab_size, (23,), generator=torch.Generator().manual_seed(5))
    packed = quantised(weights, WEIGHT_FORMATS[name])
    logits = []
    for some in (Model(CONFIG, packed), Model(CONFIG, floats(packed))):
        cache = some.new_cache()
        first = some.logits(some.forward(ids[:20], cache))
        logits.append(torch.cat([first, *(some.logits(some.forward(ids[i : i + 1], cache)) for i in range(20, 23))]))
    torch.testing.assert_close(logits[0], logits[1], rtol=1e-4, atol=1e-4)


def test_norms_router_and_embedding_stay_as_they_are(weights: ModelWeights) -> None:
    packed = quantised(weights, WEIGHT_FORMATS["int4"])
    assert packed.embedding is weights.embedding
    assert packed.norm is weights.norm
    layer = packed.layers[0]
    assert layer.mlp.router is weights.layers[0].mlp.router  # type: ignore[union-attr]
    assert [layer.qkv.format, layer.mlp.gate_up.format, packed.lm_head.format] == ["int8", "int4", "int8"]  # type: ignore[union-attr]
    assert packed.mtp is not None
    assert packed.mtp.projection.format == "int8"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", WEIGHT_FORMATS)
def test_a_packed_model_has_as_many_parameters(weights: ModelWeights, name: FormatName) -> None:
    assert count_parameters(quantised(weights, WEIGHT_FORMATS[name])) == count_parameters(weights)


@pytest.mark.parametrize("shape", [(3, 128), (5, 200)])
@pytest.mark.parametrize("kind", FORMATS)
def test_the_bytes_of_a_matrix_count_its_scales(kind: Format, shape: tuple[int, int]) -> None:
    found = WEIGHT_FORMATS["int4"].matrix_bytes(kind, *shape, torch.float32)
    assert found == packed(pack(torch.ones(shape), kind)).nbytes


def test_loading_packs_as_it_reads(tmp_path: Path) -> None:
    raw = small_config(hidden_size=128, mlp_layer_types=["sparse", "dense", "sparse", "sparse"])
    config = ModelConfig.from_dict(raw)
    write_checkpoint(tmp_path, raw, shards=2)
    checkpoint, place = Checkpoint.open(tmp_path), (torch.device("cpu"), torch.float32)
    ids = torch.arange(20)
    logits = []
    for weights in (
        load_packed(checkpoint, config, *place, WEIGHT_FORMATS["int4"]),
        quantised(load_weights(checkpoint, config, *place), WEIGHT_FORMATS["int4"]),
    ):
        model = Model(config, weights)
        logits.append(model.logits(model.forward(ids, model.new_cache())))
    assert torch.equal(logits[0], logits[1])


def test_codes_do_not_depend_on_what_computes(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_config(), dtype=torch.float32)
    config, checkpoint = ModelConfig.from_dict(small_config()), Checkpoint.open(tmp_path)
    cpu = torch.device("cpu")
    one, other = (
        load_packed(checkpoint, config, cpu, dtype, WEIGHT_FORMATS["int4"]) for dtype in (torch.float32, torch.bfloat16)
    )
    assert torch.equal(one.layers[1].mlp.down.data, other.layers[1].mlp.down.data)  # type: ignore[union-attr]
    assert (one.norm.dtype, other.norm.dtype) == (torch.float32, torch.bfloat16)


def test_reading_begins_where_it_is_wanted(tmp_path: Path) -> None:
    write_checkpoint(tmp_path)
    config, checkpoint = ModelConfig.from_dict(small_config()), Checkpoint.open(tmp_path)
    parts = [
        list(read_packed(checkpoint, config, torch.device("cpu"), WEIGHT_FORMATS["int8"], first)) for first in (0, 3, 5)
    ]
    assert [len(some) for some in parts] == [5, 2, 0]
    last, same = parts[0][4], parts[1][1]
    assert isinstance(last, LayerWeights)
    assert isinstance(same, LayerWeights)
    assert torch.equal(last.qkv.data, same.qkv.data)  # type: ignore[union-attr]


def test_the_stored_dtype_holds_all_numbers(tmp_path: Path) -> None:
    tensors = random_tensors(ModelConfig.from_dict(small_config()))
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        write_checkpoint(tmp_path, dtype=dtype)
        assert stored_dtype(Checkpoint.open(tmp_path), tensors) == dtype
    tensors["model.norm.weight"] = tensors["model.norm.weight"].bfloat16()
    write_weights(tmp_path, tensors)
    assert stored_dtype(Checkpoint.open(tmp_path), tensors) == torch.float32


def test_formats_have_names() -> None:
    assert [named_format(name) for name in ("auto", None, "int4")] == [None, None, "int4"]
    with pytest.raises(SettingError, match="no format 'q4'; use auto or one of float, bf16, int8, int4"):
        named_format("q4")


@pytest.mark.parametrize("name", WEIGHT_FORMATS)
def test_weights_say_what_they_are_kept_as(weights: ModelWeights, name: FormatName) -> None:
    assert format_of(quantised(weights, WEIGHT_FORMATS[name])) == name


def test_a_weight_that_is_no_number_names_the_folder(tmp_path: Path) -> None:
    raw = small_config()
    config = ModelConfig.from_dict(raw)
    tensors = random_tensors(config)
    tensors["model.layers.2.self_attn.o_proj.weight"][0, 0] = float("nan")
    write_checkpoint(tmp_path, raw)
    write_weights(tmp_path, tensors)
    with pytest.raises(CheckpointError, match="holds a weight that is not a finite number"):
        load_packed(Checkpoint.open(tmp_path), config, torch.device("cpu"), torch.float32, WEIGHT_FORMATS["int8"])

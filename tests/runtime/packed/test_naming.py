import torch

from mellum_ls.kernels.packing import Packed
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS, quantised
from mellum_ls.runtime.packed.naming import named, rebuilt, skeleton
from mellum_ls.runtime.weights import allocate
from tests.fakes.checkpoints import small_config

CONFIG = ModelConfig.from_dict(
    small_config(
        mlp_layer_types=["sparse", "dense", "sparse", "sparse"],
        num_nextn_predict_layers=1,
        mtp_layer_types=["sliding_attention"],
        mtp_mlp_layer_types=["sparse"],
    )
)
CPU = torch.device("cpu")


def test_the_shapes_are_those_of_the_packed_model() -> None:
    for format in WEIGHT_FORMATS.values():
        weights, parts = allocate(CONFIG, CPU, torch.bfloat16, mtp=True)
        for part in parts.values():
            part.fill_(0.5)
        real = dict(named(quantised(weights, format)))
        shapes = dict(named(skeleton(CONFIG, format, torch.bfloat16, mtp=True)))
        assert list(shapes) == list(real)
        assert all(tensor.is_meta for tensor in shapes.values())
        assert [(t.shape, t.dtype) for t in shapes.values()] == [(t.shape, t.dtype) for t in real.values()]


def test_a_model_is_built_anew_from_its_tensors_by_name() -> None:
    shapes = skeleton(CONFIG, WEIGHT_FORMATS["int4"], torch.float32, mtp=True)
    tensors = {name: torch.zeros(tensor.shape, dtype=tensor.dtype) for name, tensor in named(shapes)}
    built = rebuilt(shapes, lambda name, _: tensors[name])
    assert isinstance(built.layers[3].mlp.down, Packed)
    assert built.layers[3].mlp.down.scale is tensors["layers.3.mlp.down.scale"]
    assert built.mtp is not None
    assert built.mtp.layer.qk_norm is tensors["mtp.layer.qk_norm"]
    assert [tensor is tensors[name] for name, tensor in named(built)] == [True] * len(tensors)


def test_a_tied_head_is_one_tensor() -> None:
    config = ModelConfig.from_dict(small_config(tie_word_embeddings=True))
    shapes = skeleton(config, WEIGHT_FORMATS["float"], torch.float32, mtp=False)
    names = [name for name, _ in named(shapes)]
    assert "lm_head" not in names
    built = rebuilt(shapes, lambda _, tensor: torch.zeros(tensor.shape))
    assert built.lm_head is built.embedding

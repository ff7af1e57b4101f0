import torch

from mellum_ls.kernels.packing import Packed, unpack
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import count_parameters
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.synthetic import DEVIATION, few_layers, released_config, synthetic_weights
from tests.fakes.checkpoints import RELEASED, RELEASED_PARAMETERS, small_config

META, CPU = torch.device("meta"), torch.device("cpu")


def test_the_shape_is_the_released_one() -> None:
    assert released_config() == ModelConfig.from_dict({**RELEASED, "intermediate_size": None})
    for format in WEIGHT_FORMATS.values():
        assert count_parameters(synthetic_weights(released_config(), format, META)) == RELEASED_PARAMETERS


def test_the_bytes_are_those_of_the_format() -> None:
    """7.4 GB with four-bit experts and eight bits for the rest, the embedding in bfloat16."""
    weights = synthetic_weights(released_config(), WEIGHT_FORMATS["int4"], META)
    total = weights.embedding.nbytes + weights.lm_head.nbytes
    for layer in weights.layers:
        total += layer.qkv.nbytes + layer.output.nbytes + layer.mlp.gate_up.nbytes + layer.mlp.down.nbytes
    experts = 28 * 64 * 3 * 2304 * 896
    rest = 28 * 21_233_664 + 98304 * 2304
    assert abs(total - (experts * 4.25 / 8 + rest + 2 * 98304 * 2304)) < 0.002 * total


def test_the_same_seed_makes_the_same_model_and_it_computes() -> None:
    raw = small_config(num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"])
    config = ModelConfig.from_dict({**raw, "mlp_layer_types": ["sparse"] * 2})
    for format in WEIGHT_FORMATS.values():
        models = [Model(config, synthetic_weights(config, format, CPU, torch.float32, seed)) for seed in (1, 1, 2)]
        one, same, other = (m.logits(m.forward(torch.arange(5), m.new_cache())) for m in models)
        assert torch.equal(one, same)
        assert not torch.allclose(one, other)
        assert one.isfinite().all()


def test_codes_have_the_deviation_of_weights() -> None:
    config = few_layers(released_config(), 1)
    assert config.num_hidden_layers == 1
    raw = small_config(hidden_size=256, moe_intermediate_size=128)
    for format in WEIGHT_FORMATS.values():
        matrix = synthetic_weights(ModelConfig.from_dict(raw), format, CPU).layers[0].mlp.gate_up
        values = unpack(matrix) if isinstance(matrix, Packed) else matrix.float()
        assert abs(values.std() / DEVIATION - 1) < 0.03

import pytest
import torch

from mellum_ls.runtime.bench import plain
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.synthetic import synthetic_weights
from tests.fakes.checkpoints import small_config


def test_each_operation_goes_over_all_layers_with_their_own_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    config = ModelConfig.from_dict(small_config())
    weights = synthetic_weights(config, WEIGHT_FORMATS["float"], torch.device("cpu"), torch.float32)
    used: list[object] = []
    linear, experts = plain.linear_reference, plain.experts_reference
    monkeypatch.setattr(plain, "linear_reference", lambda x, weight: (used.append(weight), linear(x, weight))[1])
    monkeypatch.setattr(plain, "experts_reference", lambda *given: (used.append(given[3]), experts(*given))[1])
    work = plain.plain_operations(FusedModel(config, weights), 2, compiled=False)
    assert list(work) == ["qkv", "output", "route+gate_up+down"]
    for name, of in (("qkv", lambda layer: layer.qkv), ("output", lambda layer: layer.output)):
        used.clear()
        work[name]()
        assert [id(weight) for weight in used] == [id(of(layer)) for layer in weights.layers]
    used.clear()
    work["route+gate_up+down"]()
    assert [id(weight) for weight in used] == [id(layer.mlp.gate_up) for layer in weights.layers]

import pytest
import torch

from mellum_ls.kernels.packing import Packed, pack
from mellum_ls.runtime.bench import parity
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.synthetic import synthetic_weights
from mellum_ls.runtime.weights import ModelWeights
from tests.fakes.checkpoints import small_config

CONFIG = ModelConfig.from_dict(
    small_config(
        num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"], mlp_layer_types=["sparse"] * 2,
        num_experts=4, moe_intermediate_size=20,
    )
)  # fmt: skip
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> ModelWeights:
    monkeypatch.setattr(parity, "PASSES", (20, 1, 3))
    monkeypatch.setattr(parity, "ROLLBACK", 5)
    return synthetic_weights(CONFIG, WEIGHT_FORMATS["float"], DEVICE)


def test_the_fused_model_passes_in_its_own_dtype(weights: ModelWeights) -> None:
    found = parity.compare(CONFIG, weights)
    assert found["passed"]
    assert 0 < found["error"]["fused"] < 0.1


def test_a_fault_does_not_pass(weights: ModelWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    right = FusedModel.logits
    monkeypatch.setattr(FusedModel, "logits", lambda self, hidden: right(self, hidden).roll(1, -1))
    found = parity.compare(CONFIG, weights)
    assert not found["passed"]
    assert found["other_token"]["fused"] > 0.5


def test_floats_become_float32_and_codes_stay(weights: ModelWeights) -> None:
    exact = parity.in_float32(weights)
    assert exact.embedding.dtype == exact.layers[1].qkv.dtype == torch.float32  # type: ignore[union-attr]
    packed = pack(torch.ones(2, 128), "int4")
    found = parity.in_float32(packed)
    assert isinstance(found, Packed)
    assert found.data is packed.data

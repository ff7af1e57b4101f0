from collections import Counter
from pathlib import Path

import pytest

from mellum_ls.runtime.checkpoints.tensor_kinds import Tally, count, kind_of, total
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.safetensors_header import TensorEntry
from mellum_ls.runtime.weights import expected_tensors
from tests.fakes.checkpoints import RELEASED, RELEASED_PARAMETERS, RELEASED_TENSORS, small_config


def test_every_tensor_of_the_architecture_has_a_kind() -> None:
    config = ModelConfig.from_dict(small_config(mlp_layer_types=["dense", "sparse", "sparse", "sparse"]))
    kinds = Counter(map(kind_of, expected_tensors(config, mtp=True)))
    assert kinds["other"] == 0
    assert (kinds["embedding"], kinds["head"], kinds["router"], kinds["dense"]) == (1, 1, 3, 3)
    assert kinds["experts"] == 3 * 3 * 8
    assert kinds["attention"] == 4 * 4
    assert kinds["norms"] == 4 * 4 + 1
    assert kinds["mtp"] == 4 + 8 + 1 + 3 * 8


@pytest.mark.parametrize("name", ["", "model.layers.0.surprise", "lm_head.bias", "model.embed_tokens"])
def test_what_has_no_place(name: str) -> None:
    assert kind_of(name) == "other"


def test_the_released_model() -> None:
    shapes = expected_tensors(ModelConfig.from_dict(RELEASED))
    entries = {}
    for name, shape in shapes.items():
        numbers = 1
        for side in shape:
            numbers *= side
        entries[name] = TensorEntry(Path("f"), shape, "BF16", 0, 2 * numbers)
    kinds = count(entries)
    whole = total(kinds.values())
    assert (whole.tensors, whole.parameters) == (RELEASED_TENSORS, RELEASED_PARAMETERS)
    assert whole.facts()["dtypes"] == {"BF16": RELEASED_TENSORS}
    assert kinds["experts"].bytes == 2 * 28 * 396_361_728
    assert "mtp" not in kinds
    assert total([]) == Tally()

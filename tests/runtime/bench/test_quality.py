import json
from pathlib import Path

import pytest
import torch

from mellum_ls.kernels.packing import Packed, unpack
from mellum_ls.runtime.bench.quality import (
    FORMATS,
    bits_per_weight,
    markdown,
    measure,
    middle_config,
    random_model,
    texts_of,
)
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, quantised
from mellum_ls.runtime.model import Model
from tests.fakes.checkpoints import small_config

CONFIG = ModelConfig.from_dict(small_config(hidden_size=128, moe_intermediate_size=128, head_dim=32))
TEXTS = [[1, 2, 3, 4, 5, 6, 7], [9, 8, 7]]


def test_floats_are_at_no_distance_and_fewer_bits_are_farther() -> None:
    formats = {"bf16": WEIGHT_FORMATS["bf16"], "float": WEIGHT_FORMATS["float"], **FORMATS}
    found = measure(CONFIG, random_model(CONFIG), TEXTS, formats)["formats"]
    distance = {name: figures["mean"]["divergence"] for name, figures in found.items()}
    assert distance["float"] == 0
    assert found["float"]["mean"]["agreement"] == 1
    assert found["float"]["mean"]["loss"] == 0
    assert 0 < distance["int8"] < distance["int4 g64, attention int8"] < distance["int4 g64, attention int4"]
    assert distance["int4 g32, attention int4"] < distance["int4 g128, attention int4"]


def test_the_figures_are_those_of_the_distributions() -> None:
    """Written out anew with the whole texts at once."""
    weights, format = random_model(CONFIG), FORMATS["int4 g32, attention int4"]
    found = measure(CONFIG, weights, TEXTS, {"x": format})["formats"]["x"]["mean"]
    divergence = same = loss = 0.0
    for text in TEXTS:
        ids = torch.tensor(text)
        p, q = (
            m.logits(m.forward(ids, m.new_cache())).double().softmax(-1)
            for m in (Model(CONFIG, weights), Model(CONFIG, quantised(weights, format)))
        )
        divergence += float((p * (p / q).log()).sum())
        same += float((p.argmax(-1) == q.argmax(-1)).sum())
        right = p[:-1].gather(1, ids[1:, None]) / q[:-1].gather(1, ids[1:, None])
        loss += float(right.log().mean()) * len(text)
    assert found["divergence"] == pytest.approx(divergence / 10, rel=1e-2)
    assert found["agreement"] == pytest.approx(same / 10)
    assert found["loss"] == pytest.approx(loss / 10, rel=1e-2, abs=1e-4)


def test_bits_count_the_scales() -> None:
    weights = random_model(CONFIG)
    assert bits_per_weight(quantised(weights, FORMATS["int4 g32, attention int4"])) == pytest.approx(4.5, abs=0.01)
    layer = quantised(weights, FORMATS["int8"]).layers[0]
    assert isinstance(layer.qkv, Packed)
    assert (unpack(layer.qkv) - weights.layers[0].qkv).abs().max() < 0.01  # type: ignore[operator]


def test_the_table_has_a_row_for_each_format() -> None:
    found = measure(CONFIG, random_model(CONFIG), TEXTS, {"int8": WEIGHT_FORMATS["int8"]})
    lines = markdown(found).splitlines()
    assert lines[0].startswith("| format | KL, nats |")
    assert lines[2].startswith("| int8 | 0.0")
    assert found["tokens"] == 10


def test_the_middle_model_has_its_size() -> None:
    from mellum_ls.runtime.bench.quality import allocate

    weights, parts = allocate(middle_config(), torch.device("meta"), torch.float32)
    assert weights.mtp is None
    assert sum(part.numel() for part in parts.values()) == pytest.approx(63e6, rel=0.02)


def test_texts_come_from_all_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": f"{n} " * 600}) + "\n\n" for n in range(10)) + '{"text": "short"}\n')
    assert [text.split()[0] for text in texts_of(file, 5)] == ["0", "2", "4", "6", "8"]
    assert len(texts_of(file, 99)) == 10
    file.write_text("no json")
    with pytest.raises(BenchmarkError, match=r"texts\.jsonl is no file of JSON lines"):
        texts_of(file, 5)
    with pytest.raises(BenchmarkError, match="no text has two tokens"):
        measure(CONFIG, random_model(CONFIG), [[1]])

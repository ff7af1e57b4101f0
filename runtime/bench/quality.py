"""What a format costs in quality: how far a quantised model's next-token distribution is from that of the floats.

Each text is read by the model as it is stored, computed in float32, and in each format; every position counts.
Says nothing about how good the model is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mellum_ls.kernels.packing import Packed
from mellum_ls.runtime.bench.measure import Spread, figure
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, WeightFormat, quantised
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.weights import ModelWeights, allocate

CHUNK = 256
INT4 = WEIGHT_FORMATS["int4"]
GROUPS = (32, 64, 128)
FORMATS: Mapping[str, WeightFormat] = {
    "int8": WEIGHT_FORMATS["int8"],
    **{f"int4 g{group}, attention int8": replace(INT4, group=group) for group in GROUPS},
    **{f"int4 g{group}, attention int4": replace(INT4, attention="int4", group=group) for group in GROUPS},
}
"""The head is int8 in all of them."""
COLUMNS = ("KL, nats", "top-1 agreement", "NLL difference, nats", "bits a weight")


@dataclass(frozen=True, slots=True)
class Distance:
    """Of one text: means over its positions, in nats but for `agreement`, the share with the same likeliest token."""

    divergence: float
    """KL(floats || format)."""
    agreement: float
    loss: float
    """How much less likely the format finds the text than the floats do; negative: more likely."""


def random_model(config: ModelConfig, seed: int = 0) -> ModelWeights:
    """Weights drawn so that every matrix keeps the variance of what it multiplies: nothing in them is redundant."""
    weights, parts = allocate(config, torch.device("cpu"), torch.float32)
    generator = torch.Generator().manual_seed(seed)
    for part in parts.values():
        if part.dim() == 1:
            part.fill_(1)
        else:
            part.normal_(0, 1 / math.sqrt(part.shape[-1]), generator=generator)
    return weights


def middle_config() -> ModelConfig:
    """The architecture between the embedded model and the released one: 59 million parameters."""
    types = ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"] * 2
    raw = {
        "model_type": "mellum",
        "vocab_size": 8192,
        "hidden_size": 512,
        "num_hidden_layers": len(types),
        "layer_types": types,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-6,
        "sliding_window": 512,
        "moe_intermediate_size": 256,
        "num_experts": 16,
        "num_experts_per_tok": 4,
        "rope_parameters": {kind: {"rope_type": "default", "rope_theta": 500000.0} for kind in set(types)},
    }
    return ModelConfig.from_dict(raw, source="middle")


def measure(
    config: ModelConfig,
    weights: ModelWeights,
    texts: Sequence[Sequence[int]],
    formats: Mapping[str, WeightFormat] = FORMATS,
    on_format: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Figures of each format as JSON types; spreads are over the texts. BenchmarkError without texts of two tokens."""
    ids = [torch.tensor(text, device=weights.norm.device) for text in texts if len(text) > 1]
    if not ids:
        raise BenchmarkError("no text has two tokens: there is nothing to compare")
    exact = [list(_log_probabilities(Model(config, weights), text)) for text in ids]
    found: dict[str, Any] = {"texts": len(ids), "tokens": sum(map(len, ids)), "formats": {}}
    for name, format in formats.items():
        on_format(name)
        packed = quantised(weights, format)
        model = Model(config, packed)
        per_text = [_distance(text, floats, model) for text, floats in zip(ids, exact, strict=True)]
        found["formats"][name] = {
            "bits": figure(bits_per_weight(packed)),
            "divergence": Spread.of([one.divergence for one in per_text]).figures(),
            "agreement": Spread.of([one.agreement for one in per_text]).figures(),
            "loss": Spread.of([one.loss for one in per_text]).figures(),
            "mean": {
                key: figure(
                    sum(getattr(one, key) * len(text) for one, text in zip(per_text, ids, strict=True))
                    / found["tokens"]
                )
                for key in Distance.__slots__
            },
        }
    return found


def bits_per_weight(weights: ModelWeights) -> float:
    """Mean bits of a number in the packed matrices, scales included."""
    matrices: list[Packed] = []
    for layer in weights.layers:
        some = (layer.qkv, layer.output, layer.mlp.gate_up, layer.mlp.down)
        matrices += [matrix for matrix in some if isinstance(matrix, Packed)]
    return 8 * sum(matrix.nbytes for matrix in matrices) / max(1, sum(matrix.count for matrix in matrices))


def _distance(ids: Tensor, exact: Sequence[Tensor], model: Model) -> Distance:
    divergence = loss = 0.0
    same = place = 0
    for floats, codes in zip(exact, _log_probabilities(model, ids), strict=True):
        divergence += float((floats.exp() * (floats - codes)).double().sum())
        same += int((floats.argmax(-1) == codes.argmax(-1)).sum())
        targets = ids[place + 1 : place + 1 + len(floats), None]  # the last position has none
        loss += float((floats - codes)[: len(targets)].gather(1, targets).double().sum())
        place += len(floats)
    return Distance(divergence / len(ids), same / len(ids), loss / (len(ids) - 1))


def _log_probabilities(model: Model, ids: Tensor) -> Iterator[Tensor]:
    """[t, V] float32 of the next token after each of the ids, some at a time."""
    cache = model.new_cache()
    for start in range(0, len(ids), CHUNK):
        yield model.logits(model.forward(ids[start : start + CHUNK], cache)).float().log_softmax(-1)


def texts_of(file: Path, most: int) -> list[str]:
    """Up to `most` texts of a JSON-lines file, whose lines have `text`; evenly spread over it, longer ones only."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        texts = [str(json.loads(line)["text"]) for line in lines if line.strip()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"{file} is no file of JSON lines with a text: {error!r}") from error
    long = [text for text in texts if len(text) >= 1000]
    return long[:: max(1, len(long) // most)][:most]


def markdown(found: Mapping[str, Any]) -> str:
    """The table for people: means over all tokens, and behind them the quartiles over the texts."""
    rows = [("format", *COLUMNS), ("---",) * (len(COLUMNS) + 1)]
    for name, figures in found["formats"].items():
        mean = figures["mean"]
        rows.append(
            (
                name,
                f"{mean['divergence']:.4f} {_quartiles(figures['divergence'], '.4f')}",
                f"{mean['agreement']:.1%} {_quartiles(figures['agreement'], '.1%')}",
                f"{mean['loss']:+.4f} {_quartiles(figures['loss'], '+.4f')}",
                f"{figures['bits']:.2f}",
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _quartiles(spread: Mapping[str, float], style: str) -> str:
    return f"({spread['q1']:{style}} to {spread['q3']:{style}})"

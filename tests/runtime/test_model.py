"""The decoder against transformers' MellumForCausalLM, and against itself under every way of feeding it."""

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import MellumConfig, MellumForCausalLM

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.weights import ModelWeights, allocate
from tests.fakes.checkpoints import random_tensors, small_config

VOCAB = 64
KINDS = ("sliding_attention", "full_attention")
# Of the range of the logits. float32 sums in another order differ by about 1e-6 of it.
TOLERANCE = 1e-4


@st.composite
def architectures(draw: st.DrawFn) -> dict[str, Any]:
    """A config.json of 1 to 9 layers with any pattern of attention and MLP types, head ratio and rope."""
    layers = draw(st.integers(1, 9))
    kv_heads = draw(st.sampled_from((1, 2, 3)))
    experts = draw(st.integers(1, 9))
    head_dim = draw(st.sampled_from((4, 8, 16)))
    ropes = {kind: draw(rope_parameters()) for kind in KINDS}
    return small_config(
        vocab_size=VOCAB,
        hidden_size=draw(st.sampled_from((8, 24, 32))),
        intermediate_size=draw(st.sampled_from((6, 20))),
        moe_intermediate_size=draw(st.sampled_from((4, 10))),
        num_hidden_layers=layers,
        num_key_value_heads=kv_heads,
        num_attention_heads=kv_heads * draw(st.sampled_from((1, 2, 4, 8))),
        head_dim=head_dim,
        num_experts=experts,
        num_experts_per_tok=draw(st.integers(1, min(experts, 4))),
        norm_topk_prob=draw(st.booleans()),
        tie_word_embeddings=draw(st.booleans()),
        sliding_window=draw(st.integers(1, 24)),
        layer_types=draw(st.lists(st.sampled_from(KINDS), min_size=layers, max_size=layers)),
        mlp_layer_types=draw(st.lists(st.sampled_from(("sparse", "dense")), min_size=layers, max_size=layers)),
        rope_parameters=ropes,
    )


@st.composite
def rope_parameters(draw: st.DrawFn) -> dict[str, Any]:
    plain = {"rope_type": "default", "rope_theta": draw(st.sampled_from((10_000.0, 500_000.0)))}
    if draw(st.booleans()):
        return plain
    factor = draw(st.sampled_from((2, 4, 16)))
    yarn = {
        **plain,
        "rope_type": "yarn",
        "factor": float(factor),
        "original_max_position_embeddings": 512 // factor,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
    }
    if draw(st.booleans()):
        yarn["attention_factor"] = draw(st.sampled_from((1.0, 1.2772588722239782)))
    return yarn


@st.composite
def sequences(draw: st.DrawFn, window: int) -> list[int]:
    """Ids of a length from 1 to 4 windows; the edges of the window are drawn often."""
    edges = (1, window - 1, window, window + 1, 2 * window, 4 * window)
    length = draw(st.sampled_from([n for n in edges if n > 0]) | st.integers(1, 4 * window))
    seed = draw(st.integers(0, 2**32))
    return torch.randint(0, VOCAB, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


def build(raw: dict[str, Any]) -> tuple[Model, dict[str, torch.Tensor]]:
    """Our model with random weights, and those weights by checkpoint name."""
    config = ModelConfig.from_dict(raw)
    tensors = random_tensors(config, seed=7)
    return Model(config, filled(config, tensors)), tensors


def filled(config: ModelConfig, tensors: dict[str, torch.Tensor]) -> ModelWeights:
    weights, parts = allocate(config, torch.device("cpu"), torch.float32)
    for name, part in parts.items():
        part.copy_(tensors[name])
    return weights


def oracle(raw: dict[str, Any], tensors: dict[str, torch.Tensor]) -> MellumForCausalLM:
    """transformers' model with the same weights; its stacked experts are filled here, not by our code."""
    settings_ = {key: value for key, value in raw.items() if key not in ("model_type", "architectures", "dtype")}
    model = MellumForCausalLM(
        MellumConfig(**settings_, attn_implementation="eager", experts_implementation="eager")
    ).eval()
    state = dict(model.state_dict())
    for name, tensor in tensors.items():
        if ".experts." in name:
            stem, expert, projection, _ = name.rsplit(".", 3)
            inner = raw["moe_intermediate_size"]
            target = state[f"{stem}.{'down_proj' if projection == 'down_proj' else 'gate_up_proj'}"][int(expert)]
            rows = {"gate_proj": slice(0, inner), "up_proj": slice(inner, None), "down_proj": slice(None)}
            target[rows[projection]] = tensor
        else:
            state[name].copy_(tensor)
    return model


@pytest.mark.timeout(240)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_logits_equal_those_of_transformers(data: st.DataObject) -> None:
    raw = data.draw(architectures())
    ids = data.draw(sequences(raw["sliding_window"]))
    model, tensors = build(raw)
    with torch.no_grad():
        wanted = oracle(raw, tensors)(torch.tensor([ids])).logits[0]
    found = model.logits(model.forward(torch.tensor(ids), model.new_cache()))
    assert_close(found, wanted)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_any_chunking_equals_one_pass(data: st.DataObject) -> None:
    raw = data.draw(architectures())
    ids = data.draw(sequences(raw["sliding_window"]))
    cuts = data.draw(st.sets(st.integers(1, max(1, len(ids) - 1)), max_size=8))
    model, _ = build(raw)
    whole = model.logits(model.forward(torch.tensor(ids), model.new_cache()))
    assert_close(feed(model, ids, [0, *sorted(cut for cut in cuts if cut < len(ids)), len(ids)]), whole)
    assert_close(feed(model, ids, list(range(len(ids) + 1))), whole)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_rollback_and_extension_equal_a_fresh_start(data: st.DataObject) -> None:
    raw = data.draw(architectures())
    ids = data.draw(sequences(raw["sliding_window"]))
    model, _ = build(raw)
    cache = model.new_cache()
    model.forward(torch.tensor(ids), cache)
    kept = data.draw(st.integers(0, len(ids)))
    edited = ids[:kept] + data.draw(sequences(raw["sliding_window"]))
    cache.truncate(kept)
    found = model.logits(model.forward(torch.tensor(edited[kept:]), cache))
    wanted = model.logits(model.forward(torch.tensor(edited), model.new_cache()))
    assert_close(found, wanted[kept:])


def test_bfloat16_agrees_loosely() -> None:
    raw = small_config(vocab_size=VOCAB)
    model, tensors = build(raw)
    weights, parts = allocate(model.config, torch.device("cpu"), torch.bfloat16)
    for name, part in parts.items():
        part.copy_(tensors[name])
    low = Model(model.config, weights)
    ids = torch.arange(VOCAB)
    wanted = model.logits(model.forward(ids, model.new_cache()))
    found = low.logits(low.forward(ids, low.new_cache()))
    assert found.dtype == torch.bfloat16
    # The mean, because a near tie of two experts may fall the other way for single tokens.
    assert float((found.float() - wanted).abs().mean()) < 0.05 * spread(wanted)


def test_the_logits_tell_positions_apart() -> None:
    """Guards the comparisons above: with these weights a wrong window or rotation would show."""
    model, _ = build(small_config(vocab_size=VOCAB))
    same = model.logits(model.forward(torch.full((40,), 3), model.new_cache()))
    mixed = model.logits(model.forward(torch.tensor([5, *[3] * 39]), model.new_cache()))
    assert float((same[-1] - mixed[-1]).abs().max()) > 10 * TOLERANCE * spread(same)
    assert math.isfinite(spread(mixed))


def feed(model: Model, ids: list[int], bounds: list[int]) -> torch.Tensor:
    """The logits of all positions, computed between each two of the bounds."""
    cache = model.new_cache()
    pairs = itertools.pairwise(bounds)
    return torch.cat([model.logits(model.forward(torch.tensor(ids[a:b]), cache)) for a, b in pairs])


def spread(logits: torch.Tensor) -> float:
    return float(logits.max() - logits.min())


def assert_close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= TOLERANCE * spread(wanted)

"""Compiled layers against the plain model, and against themselves under every way of feeding them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._cpu.binding import Library, library
from mellum_ls.kernels.packing import Packed, packed, unpack
from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, quantised
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import MtpHead
from mellum_ls.runtime.native import NativeModel, matrices, narrowed, obstacle
from mellum_ls.runtime.weights import ModelWeights, allocate
from tests.fakes.checkpoints import random_tensors, small_config

pytestmark = pytest.mark.skipif(isinstance(library(), str), reason=f"compiled operations: {library()}")

VOCAB = 64
KINDS = ("sliding_attention", "full_attention")
TOLERANCE = 1e-4  # of the range of the states
LONGEST = 120


@st.composite
def architectures(draw: st.DrawFn) -> dict[str, Any]:
    """Configs that the library serves: any groups, windows, experts, layers; sizes in whole vectors."""
    layers = draw(st.integers(1, 4))
    kv_heads = draw(st.sampled_from((1, 2, 3)))
    experts = draw(st.integers(1, 9))
    return small_config(
        vocab_size=VOCAB,
        hidden_size=draw(st.sampled_from((8, 40, 48, 136))),
        intermediate_size=draw(st.sampled_from((8, 48))),
        moe_intermediate_size=draw(st.sampled_from((8, 40, 48))),
        num_hidden_layers=layers,
        num_key_value_heads=kv_heads,
        num_attention_heads=kv_heads * draw(st.sampled_from((1, 2, 3, 4, 8))),
        head_dim=draw(st.sampled_from((16, 48, 64, 80))),
        num_experts=experts,
        num_experts_per_tok=draw(st.integers(1, min(experts, 4))),
        norm_topk_prob=draw(st.booleans()),
        tie_word_embeddings=draw(st.booleans()),
        sliding_window=draw(st.integers(1, 24)),
        layer_types=draw(st.lists(st.sampled_from(KINDS), min_size=layers, max_size=layers)),
        mlp_layer_types=draw(st.lists(st.sampled_from(("sparse", "dense")), min_size=layers, max_size=layers)),
    )


def weights_of(raw: dict[str, Any], mtp: bool = False) -> tuple[ModelConfig, ModelWeights]:
    config = ModelConfig.from_dict(raw)
    weights, parts = allocate(config, torch.device("cpu"), torch.float32, mtp=mtp)
    for name, tensor in random_tensors(config, mtp=mtp).items():
        parts[name].copy_(tensor)
    return config, weights


def passes(model: Model, ids: torch.Tensor, parts: list[int], retention: Retention | None = None) -> torch.Tensor:
    cache, place, found = model.new_cache(retention), 0, []
    for count in parts:
        found.append(model.forward(ids[place : place + count], cache))
        place += count
    return torch.cat(found)


@contextmanager
def eight_lanes() -> Iterator[None]:
    """Vectors of eight numbers, also where the processor has wider ones."""
    found = library()
    assert isinstance(found, Library)
    found.set_lanes(8)
    try:
        yield
    finally:
        found.set_lanes(16)


def assert_near(found: torch.Tensor, wanted: torch.Tensor) -> None:
    scale = float(wanted.abs().max())
    torch.testing.assert_close(found, wanted, rtol=0, atol=TOLERANCE * max(1.0, scale))


@settings(max_examples=40, deadline=None)
@given(
    raw=architectures(),
    parts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
    trained=st.booleans(),
)
def test_equals_the_plain_model_and_any_division_of_the_ids_bit_for_bit(
    raw: dict[str, Any], parts: list[int], seed: int, trained: bool
) -> None:
    config, weights = weights_of(raw)
    if trained:
        # Numbers of bfloat16 lie in panels.
        weights = _rounded(weights)
    assert obstacle(config, weights) is None
    plain, native = Model(config, weights), NativeModel(config, weights)
    ids = torch.randint(0, VOCAB, (sum(parts),), generator=torch.Generator().manual_seed(seed))
    found = passes(native, ids, parts)
    assert_near(found, passes(plain, ids, parts))
    assert torch.equal(found, passes(native, ids, [len(ids)]))
    assert torch.equal(found, passes(native, ids, [1] * len(ids)))
    assert_near(native.logits(found), plain.logits(found))
    with eight_lanes():
        assert torch.equal(found, passes(native, ids, parts))
    # With rings that let go of what no position sees any more, too.
    assert torch.equal(found, passes(native, ids, parts, Retention(keep_all=8, rollback=4, slack=8, every=16)))


@pytest.mark.parametrize("name", ["int8", "int4"])
def test_packed_weights_stand_for_what_the_reference_multiplies(name: FormatName) -> None:
    raw = small_config(
        vocab_size=VOCAB, hidden_size=136, moe_intermediate_size=40, head_dim=16, num_experts=6, num_experts_per_tok=2
    )
    config, weights = weights_of(raw)
    weights = quantised(weights, WEIGHT_FORMATS[name])
    assert isinstance(weights.layers[0].qkv, Packed)
    ids = torch.arange(50) % VOCAB
    native = NativeModel(config, weights)
    found = passes(native, ids, [30, 1, 19])
    assert_near(found, passes(Model(config, weights), ids, [50]))
    assert torch.equal(found, passes(native, ids, [50]))


def test_the_mtp_layer_equals_the_plain_one() -> None:
    raw = small_config(
        vocab_size=VOCAB, hidden_size=40, moe_intermediate_size=8, head_dim=16, num_nextn_predict_layers=1
    )
    config, weights = weights_of(raw, mtp=True)
    assert weights.mtp is not None
    drafted = []
    for model in (Model(config, weights), NativeModel(config, weights)):
        assert model.weights.mtp is not None
        head = MtpHead(model, model.weights.mtp)
        cache = head.new_cache()
        cache_at = head.new_cache()
        ids = torch.arange(30) % VOCAB
        hidden = model.forward(ids, model.new_cache())
        states = [head.forward(hidden[:20], ids[1:21], cache), head.forward(hidden[20:29], ids[21:30], cache, 1)]
        if head.past is not None:
            # Begun where nothing before is held.
            cache_at.start_at(12)
            states.append(head.forward(hidden[12:20], ids[13:21], cache_at))
        drafted.append(torch.cat(states))
    assert_near(drafted[1], drafted[0])


@pytest.mark.parametrize("trained", [False, True])
def test_the_likeliest_draft_is_that_of_plain_operations(trained: bool) -> None:
    raw = small_config(
        vocab_size=VOCAB, hidden_size=48, moe_intermediate_size=16, head_dim=16, num_nextn_predict_layers=1
    )
    config, weights = weights_of(raw, mtp=True)
    model = NativeModel(config, _rounded(weights) if trained else weights)
    assert model.weights.mtp is not None
    ids = torch.arange(30) % VOCAB
    hidden = model.forward(ids, model.new_cache())
    vocabulary = DraftVocabulary(model.weights.lm_head, 32)
    vocabulary.see([*range(20, 60)] * 9)
    plain, native = MtpHead(model, model.weights.mtp), model.mtp_head()
    assert native is not None
    caches = [head.new_cache() for head in (plain, native)]
    for cache in caches:
        cache.start_at(5)
    hidden, next_ids = hidden[5:29], ids[6:].tolist()
    for seen in ([], [*range(32)] * 99):  # the second time other ids are drafted, behind the entries of the first
        vocabulary.see(seen)
        guesses = [
            head.guess(hidden, next_ids, cache, vocabulary) for head, cache in zip((plain, native), caches, strict=True)
        ]
        assert guesses[0].token == guesses[1].token
        assert guesses[1].sure == pytest.approx(guesses[0].sure, rel=1e-5)
        assert torch.equal(guesses[0].state, guesses[1].state)
        hidden, next_ids = guesses[0].state, [guesses[0].token]


def test_numbers_of_bfloat16_are_kept_in_two_bytes_and_no_others() -> None:
    raw = small_config(vocab_size=VOCAB, hidden_size=40, moe_intermediate_size=8, head_dim=16)
    config, weights = weights_of(raw)
    weights.layers[0].qkv.copy_(weights.layers[0].qkv.bfloat16())
    kept = narrowed(weights)
    qkv = packed(kept.layers[0].qkv)
    assert (qkv.format, qkv.data.dtype) == ("panels", torch.bfloat16)
    assert torch.equal(unpack(qkv), weights.layers[0].qkv)
    assert kept.layers[0].output.dtype == torch.float32
    assert kept.lm_head.is_contiguous()
    ids = torch.arange(20)
    # What has no compiled code computes with them, too: benchmarks that look into a layer do.
    every = narrowed(_rounded(weights))
    for layer in every.layers:
        assert {packed(matrix).data.dtype for matrix in matrices(layer)} == {torch.bfloat16}
        # The states have 40 numbers, which fill no panels; the halves of gate and up have 8.
        assert [packed(matrix).format for matrix in matrices(layer)] == ["panels", "float", "float", "float"]
    for parts in ([20], [1] * 20):
        assert_near(passes(NativeModel(config, every), ids, [20]), passes(Model(config, every), ids, parts))
    assert torch.equal(passes(NativeModel(config, weights), ids, [20]), passes(NativeModel(config, kept), ids, [7, 13]))


def _rounded(weights: ModelWeights) -> ModelWeights:
    for layer in weights.layers:
        for matrix in matrices(layer):
            assert isinstance(matrix, torch.Tensor)
            matrix.copy_(matrix.bfloat16())
    return weights


def test_what_stands_in_the_way_is_told() -> None:
    for changes, words in (
        ({"head_dim": 24}, "heads of multiples of 16"),
        ({"hidden_size": 36, "head_dim": 16}, "states of multiples of 8"),
        ({"moe_intermediate_size": 12, "head_dim": 16, "hidden_size": 40}, "row by row"),
    ):
        config, weights = weights_of(small_config(vocab_size=VOCAB, **changes))
        assert words in str(obstacle(config, weights))
    config, weights = weights_of(small_config(vocab_size=VOCAB, head_dim=16, hidden_size=40, moe_intermediate_size=8))
    half, _ = allocate(config, torch.device("cpu"), torch.bfloat16)
    assert "not in torch.bfloat16" in str(obstacle(config, half))

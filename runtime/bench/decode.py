"""Measures one model: prompt and decode speed, and the bytes that a decoded token makes the processor read.

Both benchmarks, decode and prefill, are this measurement at different lengths. Prints nothing.
"""

import argparse
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import torch

from mellum_ls.runtime.bench.machine import describe_machine
from mellum_ls.runtime.bench.measure import MIN_TOKENS, Clock, Run, Spread, Subject, figure, interleaved, ratio
from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.source import NOTHING
from mellum_ls.runtime.drafting.verify import decode
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.generate import Pace, at_once, greedy, likeliest, prefill
from mellum_ls.runtime.mtp import MtpFollower
from mellum_ls.runtime.use_threads import threads_in_use
from mellum_ls.runtime.weights import LayerWeights, ModelWeights, SparseMlpWeights

OURS = "mellum-ls"
DRAFTED = "with drafts"
GB = 1e9


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure. `tokens` are the new ones, `context` those of the prompt."""

    benchmark: str
    context: int
    tokens: int
    repeats: int

    def __post_init__(self) -> None:
        if self.context < 1 or self.tokens < MIN_TOKENS:
            raise BenchmarkError(
                f"context is {self.context} and tokens {self.tokens}, wanted at least 1 and {MIN_TOKENS}"
            )


class Rival(Protocol):
    """Another implementation of the same model, to be measured in turns with ours."""

    facts: Mapping[str, Any]

    def generate(self, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]) -> None:
        """Greedy ids after the prompt, exactly `tokens` of them, with no cache from before."""


def prompt_of(engine: Engine, length: int) -> list[int]:
    """`length` ids of real code: experts are chosen by content, so noise would route unlike a user's files."""
    return engine.tokenizer.encode(source_of(engine, length))[:length]


def source_of(engine: Engine, length: int) -> str:
    """Real code of more than `length` tokens: one file, again and again."""
    source = inspect.getsource(argparse)
    return source * (length // len(engine.tokenizer.encode(source)) + 1)


def require_fit(engine: Engine, plan: Plan) -> None:
    """BenchmarkError if prompt and tokens do not fit the model."""
    if plan.context + plan.tokens > engine.config.max_position_embeddings:
        raise BenchmarkError(
            f"{plan.context} prompt and {plan.tokens} new tokens do not fit the model, "
            f"which has {engine.config.max_position_embeddings} positions"
        )


def measure(
    engine: Engine, plan: Plan, *, rival: Rival | None = None, clock: Clock = time.perf_counter
) -> dict[str, Any]:
    """The figures as JSON types; rates are medians, `spread` says how far they vary.

    BenchmarkError if prompt and tokens do not fit the model, or two runs gave different ids.
    """
    config = engine.config
    require_fit(engine, plan)
    prompt = prompt_of(engine, plan.context)
    device = engine.model.device
    machine = describe_machine(torch.cuda.get_device_name(device) if device.type == "cuda" else None)
    subjects: dict[str, Subject] = {OURS: lambda on_token: _generate(engine, prompt, plan.tokens, on_token)}
    drafting = engine.drafting
    if drafting is not None:
        subjects[DRAFTED] = lambda on_token: _drafted(engine, drafting, prompt, plan.tokens, on_token)
    if rival is not None:
        subjects[rival.facts["name"]] = lambda on_token: rival.generate(prompt, plan.tokens, on_token)
    # In fewer bits a GPU sums one row in another order than several: of nearly equal scores either may win.
    free = () if engine.model.dtype == torch.float32 else (DRAFTED,)
    runs = interleaved(subjects, plan.repeats, clock, free)
    ours = _rates(runs[OURS], plan.context)
    # The first new token comes out of the prompt's pass; each later one is decoded, and reads its own row too.
    decoded = range(plan.context + 1, plan.context + plan.tokens)
    read = sum(bytes_per_token(engine.model.weights, config, length) for length in decoded) / len(decoded)
    status = engine.status()
    found = {
        "benchmark": plan.benchmark,
        "mellum_ls": version("mellum-ls"),
        **{name: status[name] for name in ("model", "parameters", "device", "dtype", "format")},
        **dict(zip(("threads", "threads_for_many"), threads_in_use(), strict=True)),
        "machine": machine,
        "context": plan.context,
        "tokens": plan.tokens,
        "repeats": plan.repeats,
        **_medians(ours),
        "bytes_per_token": round(read),
        "read_gb_s": figure(read * Spread.of(ours["tok_s"]).median / GB),
        "tokens_per_step": 1.0,
        "acceptance": None,
        "spread": _spreads(ours),
        "drafted": None,
        "against": None,
    }
    if drafting is not None:
        different = sum(run.ids != runs[OURS][0].ids for run in runs[DRAFTED])
        found |= _with_drafts(drafting, ours, _rates(runs[DRAFTED], plan.context), different)
    if rival is not None:
        theirs = _rates(runs[rival.facts["name"]], plan.context)
        found["against"] = {
            **rival.facts,
            **_medians(theirs),
            "spread": _spreads(theirs),
            "ratio": {name: ratio(ours[name], theirs[name]).figures() for name in ours},
            "same_tokens": True,  # anything else has raised
        }
    return found


def _with_drafts(
    drafting: Drafting, ours: Mapping[str, Sequence[float]], theirs: Mapping[str, Sequence[float]], different: int
) -> dict[str, Any]:
    """The figures of as many tokens in passes that check drafts, and what was counted in these passes.

    `different` runs of them wrote other tokens.
    """
    counts = drafting.tally.figures()
    ratios = {name: ratio(theirs[name], ours[name]).figures() for name in ours}
    return {
        "tokens_per_step": counts["tokens_per_step"],
        "acceptance": counts["acceptance"],
        "drafted": {**_medians(theirs), "spread": _spreads(theirs), "ratio": ratios, "different": different, **counts},
    }


def bytes_per_token(weights: ModelWeights, config: ModelConfig, length: int) -> int:
    """Bytes that decoding one token reads, with `length` positions in the cache, the token's own included.

    Weights: its row of the embedding, every layer's norms, attention, router and chosen experts, the final
    norm and the head. Cache: keys and values of the positions that each layer sees. Activations, which stay
    in the processor's caches, and the MTP layer, which does not run, are left out.
    """
    row = 2 * config.num_key_value_heads * config.head_dim * weights.norm.element_size()
    total = weights.embedding[0].nbytes + weights.norm.nbytes + weights.lm_head.nbytes
    for layer, kind in zip(weights.layers, config.layer_types, strict=True):
        total += _layer_bytes(layer, config) + row * min(length, config.window_of(kind) or length)
    return total


def _layer_bytes(layer: LayerWeights, config: ModelConfig) -> int:
    mlp = layer.mlp
    used = mlp.gate_up.nbytes + mlp.down.nbytes
    if isinstance(mlp, SparseMlpWeights):
        used = mlp.router.nbytes + used * config.num_experts_per_tok // config.num_experts
    attention = (layer.input_norm, layer.qkv, layer.qk_norm, layer.output, layer.mlp_norm)
    return used + sum(tensor.nbytes for tensor in attention)


def _generate(engine: Engine, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]) -> None:
    session = Session(engine.model.new_cache())
    hidden = at_once(prefill(engine.model, session, prompt, Pace.of(engine.model.device)))
    for token in greedy(engine.model, session, hidden, tokens, ()):
        on_token(token)


@dataclass(frozen=True, slots=True)
class _Likeliest:
    plain = True

    def choose(self, logits: torch.Tensor) -> int:
        return likeliest(logits)

    def judge(self, logits: torch.Tensor, draft: int, odds: torch.Tensor | None) -> int:
        return likeliest(logits)


def _drafted(
    engine: Engine, drafting: Drafting, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]
) -> None:
    """The same tokens in passes that check drafts."""
    follower = MtpFollower(engine.mtp) if engine.mtp is not None and drafting.uses_mtp else None
    session = Session(engine.model.new_cache(), follower)
    drafting.vocabulary.see(prompt)
    hidden = at_once(prefill(engine.model, session, prompt, Pace.of(engine.model.device)))
    drafter = drafting.drafter(session, prompt, (), lambda token: False)
    for brought in decode(engine.model, session, hidden, NOTHING, tokens, (), _Likeliest(), drafter):
        for token in brought:
            on_token(token)


def _rates(runs: Sequence[Run], context: int) -> dict[str, list[float]]:
    return {
        "tok_s": [run.decode_rate for run in runs],
        "prefill_tok_s": [run.prefill_rate(context) for run in runs],
    }


def _medians(rates: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: figure(Spread.of(values).median) for name, values in rates.items()}


def _spreads(rates: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    return {name: Spread.of(values).figures() for name, values in rates.items()}

"""Times each kind of launch of a step, and the whole of it, on a GPU: microseconds, bytes and share of the bandwidth.

A kind is timed over all layers in turn, so that no layer's weights are still in the cache when it comes back to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.runtime.bench.measure import Spread, figure
from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.graphs import Graphs
from mellum_ls.runtime.step_layer import context_bucket

REPEATS = 15
COPY_BYTES = 1 << 30
OPS = ("qkv", "attend", "output", "route", "gate_up", "down")


def device_times(work: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Seconds on the device of each run of the work, by its own clock, after two that are not counted."""
    times = []
    for turn in range(repeats + 2):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begin.record()
        work()
        end.record()
        end.synchronize()
        if turn >= 2:
            times.append(begin.elapsed_time(end) / 1000)
    return times


def captured_times(name: str, work: Callable[[], None], device: torch.device, repeats: int = REPEATS) -> list[float]:
    """The same for work that is replayed from a graph, as the product does."""
    graphs = Graphs(device)
    return device_times(lambda: graphs.run(name, work), repeats)


def copy_bandwidth(device: torch.device) -> float:
    """Bytes a second that this device moves in a large copy, read and written ones together."""
    source = torch.empty(COPY_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / Spread.of(device_times(lambda: target.copy_(source))).median


def expected_hits(experts: int, top_k: int, rows: int) -> float:
    """Different experts that so many rows hit where each chooses evenly: a random model does, a trained one less."""
    return experts * (1 - (1 - top_k / experts) ** rows)


@torch.inference_mode()
def filled_cache(model: FusedModel, length: int, seed: int = 0) -> KVCache:
    """A cache of random keys and values: what they are does not change what it costs to read them."""
    cache = model.new_cache()
    cache.reserve(length + 64)
    config = model.config
    generator = torch.Generator(device=model.device).manual_seed(seed)
    row = (length, config.num_key_value_heads, config.head_dim)
    for layer in range(config.num_hidden_layers):
        keys, values = (
            torch.empty(row, dtype=model.dtype, device=model.device).normal_(generator=generator) for _ in range(2)
        )
        cache.append(layer, keys, values)
    cache.advance(length)
    return cache


@torch.inference_mode()
def measure_step(model: FusedModel, rows: int, context: int, bandwidth: float) -> dict[str, Any]:
    """Figures of one pass of `rows` tokens behind `context` others, as JSON types; times are medians with spread."""
    config = model.config
    cache = filled_cache(model, context)
    ids = torch.arange(100, 100 + rows)
    model.forward(ids, cache)  # compiles, and puts the inputs of this cache where the step reads them
    step = model.step(rows, context_bucket(context))
    hits = expected_hits(config.num_experts, config.num_experts_per_tok, rows)
    layers = config.num_hidden_layers
    ops = {}
    for op in OPS:
        launches = [launch for launch in step.launches if launch.name == op]
        if launches:
            times = captured_times(op, all_of(launches), model.device)
            moved = sum(_moved(launch, config.num_experts, hits, context, model) for launch in launches) / layers
            ops[op] = _figures([time / len(launches) for time in times], moved, bandwidth)
    whole = captured_times("step", step.run, model.device)
    head = captured_times("head", lambda: model.head(rows).launch.run(), model.device)
    weight = model.weights.lm_head.nbytes
    bytes_moved = sum(_moved(launch, config.num_experts, hits, context, model) for launch in step.launches)
    return {
        "rows": rows,
        "context": context,
        "launches_per_layer": sum(launch.name in OPS for launch in step.launches) / layers,
        "workspace_mb": figure(step.workspace / 1e6),
        "ops": ops,
        "step": _figures(whole, bytes_moved, bandwidth),
        "head": _figures(head, weight, bandwidth),
        "tokens_per_second": figure(1 / (Spread.of(whole).median + Spread.of(head).median)),
    }


def all_of(launches: Sequence[Launch]) -> Callable[[], None]:
    """Work that launches these one after the other."""

    def run() -> None:
        for launch in launches:
            launch.run()

    return run


def _moved(launch: Launch, experts: int, hits: float, context: int, model: FusedModel) -> float:
    """Bytes of a launch whose makers were told of no experts and no context: those are added here."""
    config = model.config
    moved = float(launch.reads + launch.writes)
    if launch.name in ("gate_up", "down"):
        weight, scale = launch.arguments["weight_ptr"], launch.arguments["scale_ptr"]
        moved += sum(part.nbytes for part in (weight, scale) if isinstance(part, Tensor)) / experts * hits
    if launch.name == "attend":
        window = launch.constants["WINDOW"]
        seen = context if window is None else min(context, int(window) - 1)
        moved += 2 * seen * config.num_key_value_heads * config.head_dim * model.dtype.itemsize
    return moved


def _figures(times: Sequence[float], moved: float, bandwidth: float) -> dict[str, float]:
    spread = Spread.of(times)
    rate = moved / spread.median
    return {
        "us": figure(spread.median * 1e6),
        "us_q1": figure(spread.q1 * 1e6),
        "us_q3": figure(spread.q3 * 1e6),
        "gb_s": figure(rate / 1e9),
        "share": figure(rate / bandwidth),
    }


def references(model: FusedModel, rows: int, compiled: bool) -> dict[str, float]:
    """Microseconds of the plain operations for the same layers, launched by torch or compiled by it; float weights."""
    from mellum_ls.runtime.bench.plain import plain_operations

    found = {}
    for name, work in plain_operations(model, rows, compiled).items():
        found[name] = figure(Spread.of(device_times(work, 7)).median * 1e6 / model.config.num_hidden_layers)
    return found

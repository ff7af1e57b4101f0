"""What a GPU does with a model in the released shape: decoding, reading prompts and keystrokes, in each format.

Weights are random, so speed is all that is told; see synthetic.py for what that means for the experts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from mellum_ls.runtime.bench.kernels import copy_bandwidth, filled_cache, measure_step, references
from mellum_ls.runtime.bench.measure import Spread, figure
from mellum_ls.runtime.bench.parity import compare
from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.generate import GPU_CHUNK
from mellum_ls.runtime.synthetic import few_layers, synthetic_weights

CONTEXTS = (512, 2048, 8192, 32768)
PARITY_LAYERS = 4
ANSWER, DELTA = 24, 4
DECODED, REPEATS = 64, 7
ROWS = (1, 4, 16)


@torch.inference_mode()
def measure_gpu(
    config: ModelConfig,
    formats: Sequence[FormatName],
    contexts: Sequence[int],
    device: torch.device,
    on_format: Callable[[Mapping[str, Any]], None] = lambda found: None,
) -> dict[str, Any]:
    """All figures of these formats as JSON types. `on_format` gets what is known after each."""
    bandwidth = copy_bandwidth(device)
    found: dict[str, Any] = {"copy_gb_s": figure(bandwidth / 1e9), "formats": {}}
    for name in formats:
        print(f"{name} ...", file=sys.stderr, flush=True)
        small = few_layers(config, min(PARITY_LAYERS, config.num_hidden_layers))
        parity = compare(small, synthetic_weights(small, WEIGHT_FORMATS[name], device))
        torch.cuda.empty_cache()
        model = FusedModel(config, synthetic_weights(config, WEIGHT_FORMATS[name], device))
        found["formats"][name] = {
            "parity": parity,
            "memory_gb": figure(torch.cuda.memory_allocated(device) / 1e9),
            "steps": [measure_step(model, rows, 2048, bandwidth) for rows in ROWS],
            "decode": [decode(model, context) for context in contexts],
            "keystroke": [keystroke(model, context) for context in contexts],
            "prefill": [prefill(model, context) for context in contexts if context <= 8192],
        }
        on_format(found)
        if name == "float":
            found["plain"] = _plain(model)
            on_format(found)
        del model
        torch.cuda.empty_cache()
    return found


def decode(model: FusedModel, context: int) -> dict[str, float]:
    """Tokens a second of greedy decoding as the engine does it, each id read by the host before the next pass."""

    def answer(cache: KVCache) -> None:
        _greedy(model, cache, DECODED)

    spread = _timed(model, context, answer)
    return {"context": context, **_rates(spread, DECODED)}


def keystroke(model: FusedModel, context: int) -> dict[str, float]:
    """Milliseconds from some new tokens to the first token of the answer, and to its last."""
    firsts: list[float] = []

    def typed(cache: KVCache) -> None:
        started = time.perf_counter()
        hidden = model.forward(torch.arange(50, 50 + DELTA), cache)
        token = int(model.logits(hidden[-1:]).argmax())
        firsts.append((time.perf_counter() - started) * 1000)
        _greedy(model, cache, ANSWER - 1, token)

    spread = _timed(model, context, typed)
    return {
        "context": context,
        "first_ms": figure(Spread.of(firsts[-REPEATS:]).median),
        "total_ms": figure(spread.median * 1000),
    }


def prefill(model: FusedModel, length: int) -> dict[str, float]:
    """Tokens a second of reading a prompt of this length in the chunks of the product."""
    ids = torch.randint(0, model.config.vocab_size, (length,), generator=torch.Generator().manual_seed(1))
    on_device = ids.to(model.device)
    times = []
    for turn in range(4):
        cache = model.new_cache()
        started = time.perf_counter()
        for at in range(0, length, GPU_CHUNK):
            model.forward(on_device[at : at + GPU_CHUNK], cache)
        torch.cuda.synchronize()
        if turn:
            times.append(time.perf_counter() - started)
    return {"context": length, **_rates(Spread.of(times), length)}


def _greedy(model: FusedModel, cache: KVCache, count: int, token: int = 100) -> None:
    for _ in range(count):
        token = int(model.logits(model.forward(torch.tensor([token]), cache)).argmax())


def _timed(model: FusedModel, context: int, work: Any) -> Spread:
    cache = filled_cache(model, context)
    times = []
    for turn in range(REPEATS + 2):
        cache.truncate(context)
        torch.cuda.synchronize()
        started = time.perf_counter()
        work(cache)
        if turn >= 2:
            times.append(time.perf_counter() - started)
    return Spread.of(times)


def _rates(spread: Spread, tokens: int) -> dict[str, float]:
    return {
        "tok_s": figure(tokens / spread.median),
        "tok_s_q1": figure(tokens / spread.q3),
        "tok_s_q3": figure(tokens / spread.q1),
    }


def _plain(model: FusedModel) -> dict[str, Mapping[str, float] | str]:
    """Microseconds a layer of torch's own operations, as they are and compiled; or why there are none."""
    found: dict[str, Mapping[str, float] | str] = {"eager": references(model, 1, compiled=False)}
    try:
        found["compiled"] = references(model, 1, compiled=True)
    except RuntimeError as error:  # torch's compiler wants tools that are not everywhere
        found["compiled"] = str(error).splitlines()[0]
    return found


def markdown(found: Mapping[str, Any], machine: str) -> str:
    """The figures as a page."""
    lines = [f"# {machine}", "", f"A large copy moves {found['copy_gb_s']:g} GB/s, reads and writes together.", ""]
    for name, part in found["formats"].items():
        parity = part["parity"]
        lines += [
            f"## {name}: {part['memory_gb']:g} GB",
            "",
            f"Largest error of the logits against float32: {parity['error']['fused']:g}; the plain model in the same "
            f"dtype has {parity['error']['plain']:g}. {'Passed' if parity['passed'] else 'FAILED'}.",
            "",
            "| context | decode tok/s | keystroke first ms | 24 tokens ms | prefill tok/s |",
            "|---|---|---|---|---|",
        ]
        prefills = {row["context"]: row["tok_s"] for row in part["prefill"]}
        for decoded, typed in zip(part["decode"], part["keystroke"], strict=True):
            read = prefills.get(decoded["context"], "-")
            lines.append(
                f"| {decoded['context']} | {decoded['tok_s']:g} ({decoded['tok_s_q1']:g}..{decoded['tok_s_q3']:g}) | "
                f"{typed['first_ms']:g} | {typed['total_ms']:g} | {read} |"
            )
        lines += ["", "| rows | step us | share of copy | head us | tok/s of the device |", "|---|---|---|---|---|"]
        for step in part["steps"]:
            lines.append(
                f"| {step['rows']} | {step['step']['us']:g} | {step['step']['share']:g} | {step['head']['us']:g} | "
                f"{step['tokens_per_second']:g} |"
            )
        lines += [
            "",
            "| operation | us a layer, 1 row | GB/s | share | us, 4 rows | share |",
            "|---|---|---|---|---|---|",
        ]
        one, four = part["steps"][0]["ops"], part["steps"][1]["ops"]
        for op, figures in one.items():
            lines.append(
                f"| {op} | {figures['us']:g} | {figures['gb_s']:g} | {figures['share']:g} | {four[op]['us']:g} | "
                f"{four[op]['share']:g} |"
            )
        lines.append("")
    for way, figures in found.get("plain", {}).items():
        said = figures if isinstance(figures, str) else ", ".join(f"{op} {us:g}" for op, us in figures.items())
        lines.append(f"Torch's own operations, {way}, float, 1 row, us a layer: {said}")
    return "\n".join(lines)

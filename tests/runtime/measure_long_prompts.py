"""What a key costs behind prompts of 2,048, 32,768 and 131,072 tokens.

Run it in the repository's root with `python -m tests.runtime.measure_long_prompts [--drawn] [LENGTH ...]`.

Types a line behind a repository's worth of context with the embedded model and prints, for each length, the prompt
tokens computed, the time to the first and the last new token, attention's share of the first (what the layers that see
all positions take longer than those that see a window, in the key's first pass), and the memory of keys and values
beside what its formula allows. Cold prompts are read in large chunks, so that it ends; with `--drawn` they are not
read at all: their keys and values are random numbers, which take as long to attend to, and the answers say nothing.
"""

import argparse
import dataclasses
import inspect
import resource
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import torch

from mellum_ls.runtime.bench.machine import cpu_name
from mellum_ls.runtime.bench.measure import Spread
from mellum_ls.runtime.cache.budget import session_bytes
from mellum_ls.runtime.cache.kv_cache import CAPACITY_STEP, KVCache, Retention
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams, Pace
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.weights import LayerWeights

LENGTHS = (2_048, 32_768, 131_072)
LINE = "    def total_price(self, items):\n        result = 0\n        for item in it"
NEW_TOKENS = 16


def prompt_of(engine: Engine, length: int) -> tuple[tuple[ContextFile, ...], str]:
    """Context files and the beginning of the current file, nearly `length` tokens together."""
    source = inspect.getsource(argparse)
    each = len(engine.tokenizer.encode(source))
    room = length - 2 * NEW_TOKENS - 400
    count = room // each
    files = tuple(ContextFile(f"m{number}.py", f"# {number}\n{source}") for number in range(count))
    rest = source[: int(len(source) * (room - count * each) / each)]
    return files, rest[: rest.rfind("\n") + 1]


class Layers:
    """Times the layers of a model, pass by pass, while it is used with `with`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._numbers = {id(layer): number for number, layer in enumerate(model.weights.layers)}
        self.times: list[float] = []
        """Milliseconds of the layers in the order in which they were computed, those of the MTP layer left out."""

    def __enter__(self) -> Self:
        self._model.layer = self._layer  # type: ignore[method-assign,assignment]
        return self

    def __exit__(self, *_: object) -> None:
        del self._model.layer

    def _layer(self, x: torch.Tensor, weights: LayerWeights, *rest: Any) -> torch.Tensor:
        started = time.perf_counter()
        result = type(self._model).layer(self._model, x, weights, *rest)
        if id(weights) in self._numbers:
            self.times.append((time.perf_counter() - started) * 1000)
        return result

    def attention(self) -> float:
        """What the full layers of the first pass took longer than as many of its other layers would have."""
        config = self._model.config
        first = list(zip(config.layer_types, self.times, strict=False))
        full = [took for kind, took in first if config.window_of(kind) is None]
        sliding = [took for kind, took in first if config.window_of(kind) is not None]
        return sum(full) - len(full) * sum(sliding) / len(sliding)


@torch.inference_mode()
def draw(model: Model, ids: torch.Tensor, cache: KVCache) -> torch.Tensor:
    """What stands for `model.forward`: keys and values of these positions at random, hidden states as well."""
    config, count = model.config, ids.shape[0]
    cache.reserve(count)
    for layer in range(config.num_hidden_layers):
        shape = (count, config.num_key_value_heads, config.head_dim)
        cache.append(layer, torch.randn(shape, dtype=model.dtype), torch.randn(shape, dtype=model.dtype))
    cache.advance(count)
    return torch.randn(count, config.hidden_size, dtype=model.dtype)


def measure(engine: Engine, length: int, drawn: bool) -> dict[str, Any]:
    files, head = prompt_of(engine, length)
    engine.drop_sessions()
    quick, tools = Pace(1e9, 512, time.perf_counter), engine._tools
    engine._tools = dataclasses.replace(tools, pace=quick)
    if drawn:
        engine.model.forward = partial(draw, engine.model)  # type: ignore[method-assign]
    started = time.perf_counter()
    engine.complete("s", Prompt(head, "\n", "x.py", files), GenerationParams(warm_up=True))
    cold = time.perf_counter() - started
    engine._tools = tools
    if drawn:
        del engine.model.forward
    results, shares = [], []
    for count in range(1, len(LINE)):
        with Layers(engine.model) as layers:
            prompt = Prompt(head + LINE[:count], "\n", "x.py", files)
            results.append(engine.complete("s", prompt, GenerationParams(NEW_TOKENS)))
        shares.append(layers.attention())
    tokens, dtype, retention = results[-1].prompt_tokens, engine.model.dtype, engine._retention
    allowed: float = session_bytes(engine.config, dtype, min(tokens, retention.keep_all), Retention(keep_all=10**9))
    allowed = max(allowed, session_bytes(engine.config, dtype, tokens, retention)) * 9 / 8
    row = session_bytes(engine.config, dtype, 1, retention)
    return {
        "prompt": tokens,
        "cold": cold,
        "computed": Spread.of([result.computed_tokens for result in results]),
        "new": Spread.of([result.generated_tokens for result in results]),
        "first": Spread.of([result.first_token_s * 1000 for result in results]),
        "total": Spread.of([result.total_s * 1000 for result in results]),
        "attention": Spread.of(shares),
        "kv": engine.status()["kv_bytes"],
        "allowed": allowed + CAPACITY_STEP * row,
    }


def steps_after_cancel(engine: Engine, length: int) -> tuple[int, float]:
    """Begin a cold prompt, cancel after three chunks: passes after the cancel, and the longest chunk in ms."""
    files, head = prompt_of(engine, length)
    engine.drop_sessions()
    run, longest, passes = engine.begin("c", Prompt(head, "\n", "x.py", files), GenerationParams()), 0.0, 0
    for _ in range(3):
        started = time.perf_counter()
        run.step()
        longest = max(longest, (time.perf_counter() - started) * 1000)
    forward = engine.model.forward

    def counted(ids: torch.Tensor, cache: Any) -> torch.Tensor:
        nonlocal passes
        passes += 1
        return forward(ids, cache)

    engine.model.forward = counted  # type: ignore[method-assign]
    run.cancel()
    del engine.model.forward
    return passes, longest


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lengths", nargs="*", type=int, default=LENGTHS)
    parser.add_argument("--drawn", action="store_true", help="random keys and values instead of reading prompts")
    given = parser.parse_args(argv)
    torch.set_num_threads(1)
    engine = Engine.load(model_directory(None))
    tell(f"{engine.model_dir.name}, {cpu_name()}, 1 thread, one key after the other")
    for length in given.lengths:
        if length > LENGTHS[0]:
            passes, longest = steps_after_cancel(engine, length)
            tell(f"cold prompt of {length:,}: {passes} passes after the cancel, chunks before it <= {longest:.0f} ms")
        found = measure(engine, length, given.drawn)
        figures = {name: found[name] for name in ("computed", "new", "first", "attention", "total")}
        tell(
            f"{found['prompt']:,} prompt tokens, {'drawn' if given.drawn else 'cold'} {found['cold']:.0f} s; "
            + "; ".join(
                f"{name} {spread.median:.3g} ({spread.q1:.3g}..{spread.q3:.3g}, most {spread.most:.3g})"
                for name, spread in figures.items()
            )
            + f"; keys and values {found['kv'] / 2**20:.0f} MiB of {found['allowed'] / 2**20:.0f} allowed; "
            f"resident at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

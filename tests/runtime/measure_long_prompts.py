"""What a key costs behind prompts of 2,048, 32,768 and 131,072 tokens.

Run it in the repository's root with `python -m tests.runtime.measure_long_prompts [LENGTH ...]`.

Types a line behind a repository's worth of context with the embedded model and prints, for each length, the prompt
tokens computed, the time to the first and the last new token, the part of it that the full layers' attention takes, and
the memory of keys and values beside what its formula allows. Cold prompts are read in large chunks, so that it ends.
"""

import argparse
import dataclasses
import inspect
import resource
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch

from mellum_ls.kernels import attention
from mellum_ls.runtime.bench.machine import cpu_name
from mellum_ls.runtime.bench.measure import Spread
from mellum_ls.runtime.cache.budget import session_bytes
from mellum_ls.runtime.cache.kv_cache import CAPACITY_STEP, Retention
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams, Pace

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


def attention_ms(engine: Engine, length: int, queries: int) -> float:
    """Median time of one pass's attention in the full layers alone, with `length` positions."""
    config = engine.config
    q = torch.randn(queries, config.num_attention_heads, config.head_dim)
    k, v = (torch.randn(length, config.num_key_value_heads, config.head_dim) for _ in range(2))
    times = []
    for _ in range(9):
        started = time.perf_counter()
        attention(q, k, v, None)
        times.append((time.perf_counter() - started) * 1000)
    full = sum(config.window_of(kind) is None for kind in config.layer_types)
    return Spread.of(times).median * full


def measure(engine: Engine, length: int) -> dict[str, Any]:
    files, head = prompt_of(engine, length)
    engine.drop_sessions()
    quick, tools = Pace(1e9, 512, time.perf_counter), engine._tools
    engine._tools = dataclasses.replace(tools, pace=quick)
    started = time.perf_counter()
    engine.complete("s", Prompt(head, "\n", "x.py", files), GenerationParams(warm_up=True))
    cold = time.perf_counter() - started
    engine._tools = tools
    results = [
        engine.complete("s", Prompt(head + LINE[:count], "\n", "x.py", files), GenerationParams(NEW_TOKENS))
        for count in range(1, len(LINE))
    ]
    tokens, dtype, retention = results[-1].prompt_tokens, engine.model.dtype, engine._retention
    allowed = session_bytes(engine.config, dtype, min(tokens, retention.keep_all), Retention(keep_all=10**9))
    allowed = max(allowed, session_bytes(engine.config, dtype, tokens, retention)) * 9 / 8
    row = session_bytes(engine.config, dtype, 1, retention)
    return {
        "prompt": tokens,
        "cold": cold,
        "computed": Spread.of([result.computed_tokens for result in results]),
        "new": Spread.of([result.generated_tokens for result in results]),
        "first": Spread.of([result.first_token_s * 1000 for result in results]),
        "total": Spread.of([result.total_s * 1000 for result in results]),
        "attention": attention_ms(engine, tokens, 2),
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
    engine.model.forward = forward  # type: ignore[method-assign]
    return passes, longest


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lengths", nargs="*", type=int, default=LENGTHS)
    given = parser.parse_args(argv)
    torch.set_num_threads(1)
    engine = Engine.load(model_directory(None))
    tell(f"{engine.model_dir.name}, {cpu_name()}, 1 thread, one key after the other")
    for length in given.lengths:
        if length > LENGTHS[0]:
            passes, longest = steps_after_cancel(engine, length)
            tell(f"cold prompt of {length:,}: {passes} passes after the cancel, chunks before it <= {longest:.0f} ms")
        found = measure(engine, length)
        figures = {name: found[name] for name in ("computed", "new", "first", "total")}
        tell(
            f"{found['prompt']:,} prompt tokens, cold {found['cold']:.0f} s; "
            + "; ".join(
                f"{name} {spread.median:.3g} ({spread.q1:.3g}..{spread.q3:.3g}, most {spread.most:.3g})"
                for name, spread in figures.items()
            )
            + f"; full layers' attention {found['attention']:.2f} ms a pass; "
            f"keys and values {found['kv'] / 2**20:.0f} MiB of {found['allowed'] / 2**20:.0f} allowed; "
            f"resident at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

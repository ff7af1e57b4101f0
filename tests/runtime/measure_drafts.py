# ruff: noqa: T201 -- a command
"""What passes and drafts cost on this device: milliseconds by tokens, a drafted token by either way, calls of a step.

`python -m tests.runtime.measure_drafts [--model DIR]`, from the repository root, in less than a minute. Each figure is
the median of interleaved runs with its quartiles; the host waits for each, as decoding does.
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from mellum_ls.runtime.bench.measure import Spread
from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory, read_environment
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.mtp import MtpFollower, MtpHead

ROWS = (1, 2, 4, 8, 16, 17)
CONTEXT, REPEATS = 512, 40
OURS, PLAIN = "as the product does", "layer by layer"

Works = dict[str, Callable[[], object]]


def passes(engine: Engine, code: list[int]) -> Works:
    """A pass of some tokens and its likeliest ids, as decoding has it, by name."""
    model = engine.model
    session = Session(model.new_cache(), None if engine.mtp is None else MtpFollower(engine.mtp))
    extend(model, session, code[:CONTEXT])

    def work(rows: int) -> Callable[[], None]:
        def run() -> None:
            model.likeliest(extend(model, session, code[CONTEXT : CONTEXT + rows]))
            session.truncate(CONTEXT)

        return run

    return {f"a pass of {rows}": work(rows) for rows in ROWS}


def drafts(engine: Engine, head: MtpHead, code: list[int], way: str) -> Works:
    """Drafts with a head, by name."""
    model, known, token = engine.model, code[:CONTEXT], code[CONTEXT]
    vocabulary, follower = DraftVocabulary(model.weights.lm_head), MtpFollower(head)
    vocabulary.see(code)
    follower.follow(model.forward(torch.tensor(known), model.new_cache()))
    guess = follower.guess(known, token, vocabulary)
    print(f"{way}: id {guess.token}, probability {guess.sure:.6f}")

    def work(missing: int, count: int) -> Callable[[], None]:
        def run() -> None:
            follower.settle()
            follower.cache.truncate(CONTEXT - missing)
            guess = follower.guess(known, token, vocabulary)
            for _ in range(count - 1):
                guess = follower.guess_on(guess, vocabulary)

        return run

    return {
        f"a drafted token, {way}": work(1, 1),
        f"four drafted tokens, {way}": work(1, 4),
        f"one that makes four entries, {way}": work(4, 1),
    }


def show_times(works: Works, repeats: int) -> None:
    """Run all in turn, so that a change of clock meets them alike, and print milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repeats + 3):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if turn >= 3:
                times[name].append((time.perf_counter() - started) * 1000)
    for name, values in times.items():
        spread = Spread.of(values)
        print(f"{name:<52}{spread.median:8.3f} ms  ({spread.q1:.3f} to {spread.q3:.3f})")


def show_calls(name: str, work: Callable[[], object]) -> None:
    """Print how often one run calls the driver, by call."""
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as found:
        work()
    counts = Counter(event.name for event in found.events() if event.name.startswith("cu"))
    print(f"calls of {name}: " + ", ".join(f"{count} {call}" for call, count in sorted(counts.items())))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.runtime.measure_drafts")
    parser.add_argument("--model", metavar="DIR")
    given, environment, started = parser.parse_args(), read_environment(), time.perf_counter()
    engine = Engine.load(model_directory(given.model or environment.model), draft=False)
    model = engine.model
    print(f"{model.implementation}, {model.dtype}, {engine.status()['format']}, on {model.device}")
    print(f"loaded in {time.perf_counter() - started:.1f} s")
    code = engine.tokenizer.encode(Path(statistics.__file__).read_text(encoding="utf-8")[:16_000])
    works = passes(engine, code)
    if engine.mtp is not None and model.weights.mtp is not None:
        works |= drafts(engine, engine.mtp, code, OURS)
        works |= drafts(engine, MtpHead(model, model.weights.mtp), code, PLAIN)
    show_times(works, REPEATS)
    if model.device.type == "cuda":
        for what, owner in (("passes", model), ("drafts", getattr(model, "_mtp", None))):
            graphs = getattr(owner, "graphs", None)
            if graphs is not None:
                print(f"{what}: {graphs.captures} graphs, {graphs.reason or 'replayed'}")
        for name in ("a pass of 1", "a pass of 4", f"a drafted token, {OURS}", f"a drafted token, {PLAIN}"):
            if name in works:
                show_calls(name, works[name])
    print(f"{time.perf_counter() - started:.1f} s in all")


if __name__ == "__main__":
    main()

"""Measures what a pass of a loaded model costs by its number of tokens; see costs.py for what becomes of it."""

from __future__ import annotations

import argparse
import inspect
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.costs import Costs, key_of, read_costs, rising, write_costs
from mellum_ls.runtime.drafting.mtp import MtpDrafts
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import MtpFollower, MtpHead
from mellum_ls.runtime.tokenizer import Tokenizer
from mellum_ls.runtime.use_threads import threads_in_use

CONTEXT = 768
# The last that a GPU replays and the first that it does not stand side by side: between them lies a step, not a slope.
SIZES = (1, 2, 3, 4, 8, 16, 17, 32, 48)
REPEATS = 3
# Drafts come in chains, whose first one takes longer than those that go on from its state.
CHAIN = 2
# Short ones are repeated up to so often, for so long: a GPU that was idle is slow at first.
MOST_REPEATS, REPEATED_SECONDS = 20, 0.02
# A large model on a CPU takes a second for each pass: then fewer sizes must do.
MOST_SECONDS = 4.0


def costs_of(model: Model, head: MtpHead | None, tokenizer: Tokenizer, cache_dir: Path, *facts: object) -> Costs:
    """The costs that were kept for this model and device, or measured now and kept. `facts` tell models apart."""
    device = torch.cuda.get_device_name(model.device) if model.device.type == "cuda" else "cpu"
    key = key_of(*facts, model.implementation, model.dtype, device, threads_in_use(), torch.__version__, SIZES, CONTEXT)
    costs = read_costs(cache_dir, key)
    if costs is None:
        costs = measure(model, head, tokenizer)
        write_costs(cache_dir, key, costs)
    return costs


@torch.inference_mode()
def measure(
    model: Model, head: MtpHead | None, tokenizer: Tokenizer, clock: Callable[[], float] | None = None
) -> Costs:
    """Time passes behind real code: experts are chosen by content, and noise would hit more of them.

    Of a CPU the time of this thread counts, not what other processes take; `clock` is in seconds.
    """
    clock = clock or (time.perf_counter if model.device.type == "cuda" else time.thread_time)
    code = tokenizer.encode(inspect.getsource(argparse)[:16_000])
    # A window of the model's positions: small ones are used in tests.
    context = min(CONTEXT, model.config.max_position_embeddings - SIZES[-1] - 1, len(code) - SIZES[-1] - 1)
    # As decoding does it: on a GPU what the host does beside a pass is a part of its cost.
    session = Session(model.new_cache(), None if head is None else MtpFollower(head))
    extend(model, session, code[:context])
    model.likeliest(extend(model, session, code[context : context + 1]))
    session.truncate(context)
    started = clock()
    passes: list[tuple[int, float]] = []
    for size in SIZES:
        part = code[context : context + size]

        def run(part: list[int] = part) -> None:
            model.likeliest(extend(model, session, part))
            session.truncate(context)

        passes.append((size, _timed(run, clock)))
        if clock() - started > MOST_SECONDS and size > 1:
            break
    draft = 0.0
    if head is not None:
        vocabulary = DraftVocabulary(model.weights.lm_head)
        # As many as are drafted from behind a prompt of some length.
        vocabulary.see(code)
        drafts, token = MtpDrafts(session, vocabulary), code[context]
        drafts.propose(token, 1, lambda evidence: True)  # makes the entries of all that lies before
        draft = _timed(lambda: drafts.propose(token, CHAIN, lambda evidence: True), clock) / CHAIN
    return Costs(rising(passes), draft)


def _timed(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """Least seconds of a few runs: what the machine adds to the work is not its cost."""
    times: list[float] = []
    while len(times) < REPEATS or (len(times) < MOST_REPEATS and sum(times) < REPEATED_SECONDS):
        started = clock()
        run()
        times.append(clock() - started)
    return min(times)

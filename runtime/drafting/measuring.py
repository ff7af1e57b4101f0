"""Measures what a pass of a loaded model costs by its number of tokens; see costs.py for what becomes of it."""

from __future__ import annotations

import argparse
import inspect
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.costs import Costs, key_of, read_costs, rising, write_costs
from mellum_ls.runtime.drafting.mtp import MtpDrafts
from mellum_ls.runtime.drafting.source import Evidence
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import MtpFollower, MtpHead
from mellum_ls.runtime.tokenizer import Tokenizer
from mellum_ls.runtime.use_threads import threads_in_use

CONTEXT = 768
# The last that a GPU replays and the first that it does not stand side by side: between them lies a step, not a slope.
SIZES = (1, 2, 3, 4, 8, 16, 17, 32, 48)
# Of how many rounds a figure is the middle: at least so many, and up to the most of them for so long.
REPEATS, MOST_REPEATS, REPEATED_SECONDS = 3, 21, 0.3
# Drafts come in chains behind passes of a few tokens, whose entries their first one makes.
CHAIN, DRAFTED_BEHIND = 2, range(2, 5)
# Raised when figures are taken in another way: those that were kept are no longer used.
METHOD = 2
# A large model on a CPU takes a second for each pass: then fewer sizes must do.
MOST_SECONDS = 4.0


def costs_of(model: Model, head: MtpHead | None, tokenizer: Tokenizer, cache_dir: Path, *facts: object) -> Costs:
    """The costs that were kept for this model and device, or measured now and kept. `facts` tell models apart."""
    device = torch.cuda.get_device_name(model.device) if model.device.type == "cuda" else "cpu"
    key = key_of(
        *facts, model.implementation, model.dtype, device, threads_in_use(), torch.__version__, SIZES, CONTEXT, METHOD
    )
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

    In rounds through all sizes, with drafts between them as decoding has them: a pass finds in the processor's cache
    what the draft before has left there, and a slow moment of the machine makes no size dearer than the others. Of a
    CPU the time of this thread counts, not what other processes take; `clock` is in seconds.
    """
    clock = clock or (time.perf_counter if model.device.type == "cuda" else time.thread_time)
    code = tokenizer.encode(inspect.getsource(argparse)[:16_000])
    # A window of the model's positions: small ones are used in tests.
    context = min(CONTEXT, model.config.max_position_embeddings - SIZES[-1] - 1, len(code) - SIZES[-1] - 1)
    # As decoding does it: on a GPU what the host does beside a pass is a part of its cost.
    session = Session(model.new_cache(), None if head is None else MtpFollower(head))

    def compute(part: list[int]) -> None:
        model.likeliest(extend(model, session, part))

    extend(model, session, code[:context])
    vocabulary = DraftVocabulary(model.weights.lm_head)
    # As many as are drafted from behind a prompt of some length.
    vocabulary.see(code)
    drafting = MtpDrafts(session, vocabulary)
    drafting.propose(code[context], 1, _always)  # makes the entries of all that lies before
    compute(code[context : context + 1])
    session.truncate(context)
    passes: dict[int, list[float]] = {}
    drafts: list[float] = []
    started = clock()
    for done in range(MOST_REPEATS):
        if done >= REPEATS and clock() - started > REPEATED_SECONDS:
            break
        # First one that counts nowhere: after the longest pass the next one finds little in the processor's cache.
        for place, size in enumerate((DRAFTED_BEHIND[0], *SIZES)):
            part, token = code[context : context + size], code[context + size]
            seconds = _timed(partial(compute, part), clock)
            if place:
                passes.setdefault(size, []).append(seconds)
            if head is not None and size in DRAFTED_BEHIND:
                drafts.append(_timed(partial(drafting.propose, token, CHAIN, _always), clock) / CHAIN)
            session.truncate(context)
            if len(passes) > 1 and clock() - started > MOST_SECONDS:
                return _costs(passes, drafts)
    return _costs(passes, drafts)


def _always(token: int, evidence: Sequence[Evidence]) -> bool:
    return True


def _timed(run: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    run()
    return clock() - started


def _costs(passes: dict[int, list[float]], drafts: list[float]) -> Costs:
    figures = [(size, statistics.median(seconds)) for size, seconds in passes.items()]
    return Costs(rising(figures), statistics.median(drafts) if drafts else 0.0)

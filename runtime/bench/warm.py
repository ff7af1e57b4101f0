"""Measures a key press: with the session's cache, from nothing, and with another implementation that keeps a cache too.

A line is typed at the end of a prompt of real code, and each key is answered by all of them in turns. Prints nothing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import Any, Protocol

import torch

from mellum_ls.runtime.bench.decode import Plan, require_fit, source_of
from mellum_ls.runtime.bench.machine import describe_machine
from mellum_ls.runtime.bench.measure import Clock, Run, Spread, figure, percentile, require_same, timed
from mellum_ls.runtime.cache.sessions import Session, SessionCache
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import Pace, at_once, greedy, prefill
from mellum_ls.runtime.use_threads import threads_in_use

WARM, SCRATCH = "warm", "from scratch"
SUFFIX = "\n\n\nif __name__ == '__main__':\n    main()\n"


class KeepingRival(Protocol):
    """Another implementation of the same model that can keep its cache between prompts."""

    facts: Mapping[str, Any]

    def resume(self, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]) -> None:
        """Greedy ids after the prompt, going on from what its cache shares with the prompt before."""


def measure(
    engine: Engine, plan: Plan, *, rival: KeepingRival | None = None, clock: Clock = time.perf_counter
) -> dict[str, Any]:
    """The figures as JSON types: milliseconds to the first and to the last new token of each key.

    Ours count from the text, laying it out and encoding it included; the rival's from the ids, which it is given.
    BenchmarkError if prompt and tokens do not fit the model, or two of them gave different ids for a key.
    """
    require_fit(engine, plan)
    prompts = _typed(engine, plan)
    device = engine.model.device
    machine = describe_machine(torch.cuda.get_device_name(device) if device.type == "cuda" else None)
    ours = _Ours(engine, plan.tokens)
    subjects: dict[str, Callable[[Prompt, Callable[[int], None]], None]] = {WARM: ours.warm, SCRATCH: ours.scratch}
    if rival is not None:
        known, other = {prompt: engine.prompt_ids(prompt, plan.tokens) for prompt in prompts}, rival
        subjects[rival.facts["name"]] = lambda prompt, on_token: other.resume(known[prompt], plan.tokens, on_token)
    runs: dict[str, list[Run]] = {name: [] for name in subjects}
    for turn, prompt in enumerate(prompts):
        wanted: tuple[int, ...] = ()
        for name in list(subjects)[:: -1 if turn % 2 else 1]:
            run = timed(partial(subjects[name], prompt), clock)
            wanted = wanted or run.ids
            require_same(name, run.ids, wanted)
            if turn:  # the first key fills the caches
                runs[name].append(run)
    status = engine.status()
    return {
        "benchmark": plan.benchmark,
        "mellum_ls": version("mellum-ls"),
        **{name: status[name] for name in ("model", "parameters", "device", "dtype")},
        **dict(zip(("threads", "threads_for_many"), threads_in_use(), strict=True)),
        "machine": machine,
        "context": plan.context,
        "tokens": plan.tokens,
        "repeats": plan.repeats,
        "computed_tokens": Spread.of(ours.computed[1:]).figures(),
        "subjects": {name: _times(found) for name, found in runs.items()},
        "against": None if rival is None else dict(rival.facts),
    }


def _typed(engine: Engine, plan: Plan) -> list[Prompt]:
    """One prompt for each key, and one before them; the keys are code that follows in the same file."""
    source = source_of(engine, plan.context)
    ids = engine.tokenizer.encode(source)
    head = engine.tokenizer.decode(ids[: plan.context])
    behind = source[len(head) :][: plan.repeats]
    if len(behind) < plan.repeats:
        raise BenchmarkError(f"there is text for {len(behind)} keys behind the prompt, wanted {plan.repeats}")
    return [Prompt(head + behind[:count], SUFFIX, "typed.py") for count in range(plan.repeats + 1)]


class _Ours:
    """The cache and the decoding of the engine, without healing and stop rules: as many tokens as asked for."""

    def __init__(self, engine: Engine, tokens: int) -> None:
        self._engine, self._tokens = engine, tokens
        self._pace = Pace.of(engine.model.device)
        self._sessions = SessionCache(
            lambda: Session(engine.model.new_cache()), max_sessions=1, max_bytes=engine.cache_bytes
        )
        self.computed: list[int] = []

    def warm(self, prompt: Prompt, on_token: Callable[[int], None]) -> None:
        ids = self._engine.prompt_ids(prompt, self._tokens)
        lease = self._sessions.take("typing", ids)
        self.computed.append(len(ids) - lease.kept)
        self._generate(lease.session, ids[lease.kept :], on_token)
        self._sessions.give_back(lease)

    def scratch(self, prompt: Prompt, on_token: Callable[[int], None]) -> None:
        ids = self._engine.prompt_ids(prompt, self._tokens)
        self._generate(Session(self._engine.model.new_cache()), ids, on_token)

    def _generate(self, session: Session, ids: Sequence[int], on_token: Callable[[int], None]) -> None:
        model = self._engine.model
        hidden = at_once(prefill(model, session, ids, self._pace))
        for token in greedy(model, session, hidden, self._tokens, ()):
            on_token(token)


def _times(runs: Sequence[Run]) -> dict[str, Any]:
    first = [run.first_s * 1000 for run in runs]
    total = [(run.first_s + run.rest_s) * 1000 for run in runs]
    return {
        name: {**_percentiles(values), "spread": Spread.of(values).figures()}
        for name, values in (("first_token_ms", first), ("total_ms", total))
    }


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    found = {f"p{percent}": percentile(values, percent) for percent in (50, 95)}
    return {name: figure(value) for name, value in found.items() if value is not None}

"""What drafting saves: the same completions with and without it, one after the other, over real code.

Four ways to work in a file and one in which nothing can be guessed. Times are those of this thread where the system
counts them, so that a busy machine slows neither side. In float32 every answer must be the same. In fewer bits a GPU
sums one row in another order than several, so that of two tokens with nearly equal scores either may come: such answers
are counted, and their times stay among the others. Prints nothing; see drafting_report.py.
"""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mellum_ls.runtime.bench.measure import Spread, figure
from mellum_ls.runtime.bench.rewriting import LINES_ABOVE, LINES_BELOW, Rewriting, edited
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams, Result

WORKLOADS = ("line", "block", "typing", "region", "random")
LINE, BLOCK = GenerationParams(64, "line"), GenerationParams(160, "block")
RANDOM = GenerationParams(24, "none")
# Characters around the cursor: what is measured is decoding, and the prompt is there before the clock starts.
BEFORE, BEHIND = 1600, 600


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a file where a completion is wanted."""

    prompt: Prompt
    above: str
    """What stands above the region around it."""
    region: str
    """Whole lines."""


@dataclass(slots=True)
class Pair:
    """Seconds of one completion without and with drafts, its tokens, and whether both sides wrote the same."""

    plain: float
    drafted: float
    tokens: int
    same: bool = True


def holes(corpus: Path, seed: int) -> Iterator[Hole]:
    """Places in the lines of a corpus, without end: JSON lines of path and text. BenchmarkError if it has none."""
    try:
        files = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
        files = [file for file in files if file["text"].count("\n") > 20]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"{corpus} is no corpus of JSON lines with 'path' and 'text': {error}") from error
    if not files:
        raise BenchmarkError(f"{corpus} has no text of more than 20 lines")
    chance = random.Random(seed)
    while True:
        file = chance.choice(files)
        lines = file["text"].splitlines(keepends=True)
        row = chance.randrange(10, len(lines))
        body = lines[row].strip()
        if len(body) < 8:
            continue
        column = len(lines[row]) - len(lines[row].lstrip()) + chance.randrange(len(body) // 2)
        before = "".join(lines[:row]) + lines[row][:column]
        behind = lines[row][len(lines[row].rstrip()) :] + "".join(lines[row + 1 :])
        first = row - LINES_ABOVE
        above, region = "".join(lines[:first]), "".join(lines[first : row + 1 + LINES_BELOW])
        yield Hole(Prompt(before[-BEFORE:], behind[:BEHIND], file["path"]), above[-BEFORE:], region)


def measure(
    engine: Engine,
    corpus: Path,
    prompts: int,
    clock: Callable[[], float],
    workloads: tuple[str, ...] = WORKLOADS,
    seed: int = 1,
    on_prompt: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Figures of each workload as JSON types; `engine` must draft.

    BenchmarkError if drafting changed an answer of a model in float32.
    """
    if engine.drafting is None or not isinstance(engine.drafting.policy, Adaptive):
        raise BenchmarkError("the engine does not draft")
    costs, head = engine.drafting.policy.costs, engine.model.weights.lm_head
    learned = {name: Drafting(Adaptive(costs), DraftVocabulary(head)) for name in workloads}
    pairs: dict[str, list[Pair]] = {name: [] for name in workloads}
    chance = random.Random(seed)
    for done, hole in zip(range(prompts), holes(corpus, seed), strict=False):
        for name in workloads:
            drafted_first = done % 2 == 1
            if name == "region":
                rewriting = Rewriting(engine, hole.above, hole.region, edited(hole.region, chance))
                pairs[name].append(_rewritten(engine, learned[name], rewriting, clock, drafted_first))
                continue
            prompt, params, expected = _work(engine, name, hole.prompt, chance)
            pairs[name].append(_pair(engine, learned[name], prompt, params, expected, clock, drafted_first))
        on_prompt(done + 1)
    return {
        "benchmark": "drafting",
        "prompts": prompts,
        "costs_ms": {str(size): figure(seconds * 1000) for size, seconds in costs.passes},
        "draft_ms": figure(costs.draft * 1000),
        "workloads": {name: _figures(pairs[name], learned[name]) for name in workloads},
    }


def _work(engine: Engine, name: str, prompt: Prompt, chance: random.Random) -> tuple[Prompt, GenerationParams, str]:
    """What is asked in one workload at a place, and the text that is expected there."""
    if name == "line":
        return prompt, LINE, ""
    if name == "block":
        return prompt, BLOCK, ""
    if name == "random":
        noise = "".join(
            chance.choice("abcdefghijklmnopqrstuvwxyz0123456789+-*/()[]{}<>=!?.,;:_ \n") for _ in range(400)
        )
        return Prompt(noise, "", "noise"), RANDOM, ""
    engine.drafting = None
    written = engine.complete("bench", prompt, BLOCK).text
    typed = chance.randrange(len(written) // 2 + 1)
    return replace(prompt, prefix=prompt.prefix + written[:typed]), BLOCK, written[typed:]


def _pair(
    engine: Engine,
    drafting: Drafting,
    prompt: Prompt,
    params: GenerationParams,
    expected: str,
    clock: Callable[[], float],
    drafted_first: bool,
) -> Pair:
    results: dict[bool, Result] = {}
    seconds: dict[bool, float] = {}
    for drafts in (drafted_first, not drafted_first):
        # The session of both: what it holds is the prompt, and what the other side wrote is overwritten.
        engine.drafting = drafting
        engine.complete("bench", prompt, replace(params, warm_up=True))
        engine.drafting = drafting if drafts else None
        if engine.model.device.type == "cuda":
            torch.cuda.synchronize(engine.model.device)  # the warm-up waits for nothing that it computes
        started = clock()
        results[drafts] = engine.complete("bench", prompt, params, predicted=expected)
        seconds[drafts] = clock() - started
    engine.drafting = drafting
    same = _told(engine, same=results[True].text == results[False].text)
    return Pair(seconds[False], seconds[True], results[True].generated_tokens, same)


def _rewritten(
    engine: Engine, drafting: Drafting, rewriting: Rewriting, clock: Callable[[], float], drafted_first: bool
) -> Pair:
    found = {
        drafts: rewriting.run(drafting if drafts else None, clock) for drafts in (drafted_first, not drafted_first)
    }
    same = _told(engine, same=found[True][1] == found[False][1])
    return Pair(found[False][0], found[True][0], len(rewriting.ids), same)


def _told(engine: Engine, *, same: bool) -> bool:
    if not same and engine.model.dtype == torch.float32:
        raise BenchmarkError("drafting changed an answer; no speed is reported for work that is not the same")
    return same


def _figures(pairs: list[Pair], drafting: Drafting) -> dict[str, Any]:
    ratios = [pair.plain / pair.drafted for pair in pairs]
    others = [number for number, pair in enumerate(pairs, 1) if not pair.same]
    return {
        "ratio_of_totals": _ratio_of_totals(pairs),
        "ratio": Spread.of(ratios).figures(),
        "different": len(others),
        "different_prompts": others,
        "ratio_of_totals_same": _ratio_of_totals([pair for pair in pairs if pair.same]),
        "tokens_mean": figure(statistics.mean(pair.tokens for pair in pairs)),
        "plain_ms_mean": figure(sum(pair.plain for pair in pairs) / len(pairs) * 1000),
        **drafting.tally.figures(),
    }


def _ratio_of_totals(pairs: list[Pair]) -> float | None:
    """How many times as fast all of them together were with drafts; None for none."""
    return figure(sum(pair.plain for pair in pairs) / sum(pair.drafted for pair in pairs)) if pairs else None

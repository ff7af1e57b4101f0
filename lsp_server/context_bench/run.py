"""`mellum-ls bench context`: fetches releases, finds cases, lets the contenders choose, asks the model, prints figures.

Exit codes: 0 measured; 1 no figure can be given, with the reason on standard error; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.context_bench import quality, recall
from mellum_ls.lsp_server.context_bench.arms import ARMS, Arm, Choose, OpenFiles, Oracle, nothing
from mellum_ls.lsp_server.context_bench.cases import Case, Spot, choose, find_spots, write_cases
from mellum_ls.lsp_server.context_bench.listing import Pair, read_pairs
from mellum_ls.lsp_server.context_bench.ours import Ours
from mellum_ls.lsp_server.context_bench.releases import fetch
from mellum_ls.lsp_server.context_bench.report import table
from mellum_ls.lsp_server.context_bench.scoring import Scorer
from mellum_ls.lsp_server.context_bench.sources import Sources
from mellum_ls.lsp_server.prompt.windows import prefix_window, suffix_window
from mellum_ls.runtime.bench.machine import describe_machine
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import MellumError, SettingError

NAME = "mellum-ls bench context"
CASES, SCORED, BUDGET = 600, 150, 2048
BUDGETS = (2048, 4096, 8192)
CHARS_PER_TOKEN = 3.2
"""Of source text under the embedded model's tokenizer, a little below its mean so that what is chosen fits."""
# What the prompt shows of the current file: less than an editor's, since each case is read four times.
PREFIX_CHARS, SUFFIX_CHARS, PREFIX_LINES = 3_000, 800, 64
INTERRUPTED = 130
# The embedded model has read Python alone: of other languages its perplexity says nothing.
SCORED_LANGUAGE = "python"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is settled before anything is fetched."""

    pairs: tuple[Pair, ...]
    data: Path
    cases: int
    scored: int
    budget: int
    model: str | None


def main(parsed: argparse.Namespace) -> int:
    """Run the benchmark with the command line's options; the exit code."""
    try:
        plan = _plan(parsed)
        found = measure(plan)
        print(table(found))
        if parsed.json:
            Path(parsed.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except SettingError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 2
    except (MellumError, OSError) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{NAME}: interrupted; the answers so far are kept", file=sys.stderr)
        return INTERRUPTED
    return 0


def _plan(parsed: argparse.Namespace) -> Plan:
    data = Path(parsed.data) if parsed.data else read_environment().cache_dir / "context-bench"
    return Plan(
        pairs=read_pairs(Path(parsed.packages) if parsed.packages else None),
        data=data.resolve(),
        cases=_number("--cases", parsed.cases, 1, CASES),
        scored=_number("--scored", parsed.scored, 0, SCORED),
        budget=_number("--budget", parsed.budget, 64, BUDGET),
        model=parsed.model,
    )


def _number(option: str, text: str | None, least: int, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise SettingError(f"{option} is {text!r}; use a whole number of {least} or more")
    return int(text)


def measure(plan: Plan) -> dict[str, Any]:
    """All figures, JSON types only. Raises MellumError, OSError, and sqlite3.Error for a full disk."""
    old: dict[str, Sources] = {}
    licences: dict[str, str] = {}
    spots: list[Spot] = []
    for pair in plan.pairs:
        _say(f"reading {pair.name} {pair.old} and {pair.new} ...")
        before, after = fetch(pair, pair.old, plan.data), fetch(pair, pair.new, plan.data)
        licences[pair.name] = after.licence
        old[pair.name] = Sources.read(before.tree, pair.paths)
        spots += find_spots(pair, old[pair.name], Sources.read(after.tree, pair.paths))
    chosen = choose(spots, plan.cases)
    if not chosen:
        raise MellumError("no added line of these packages uses a name that another file defines")
    scored = choose([spot for spot in spots if spot.language == SCORED_LANGUAGE], plan.scored)
    write_cases(_made(chosen, old), plan.data / "cases.jsonl")
    engines = {}
    for name in sorted({spot.package for spot in (*chosen, *scored)}):
        _say(f"indexing {name} ...")
        engines[name] = Ours(old[name], plan.data / "indexes" / name.replace("/", "+"), shown)
    arms: dict[Arm, dict[str, Choose]] = {
        "none": dict.fromkeys(engines, nothing),
        "open": {name: OpenFiles(old[name]) for name in engines},
        "ours": dict(engines),
        "oracle": {name: Oracle(old[name]) for name in engines},
    }
    try:
        return {
            "version": version("mellum-ls"),
            "machine": describe_machine(None),
            "packages": [
                {"name": pair.name, "old": pair.old, "new": pair.new, "licence": licences[pair.name]}
                for pair in plan.pairs
            ],
            "kinds": dict(Counter(spot.target.kind for spot in spots)),
            "budgets": list(BUDGETS),
            "chars_per_token": CHARS_PER_TOKEN,
            "recall": _recall(_made(chosen, old), arms),
            **_quality(plan, _made(scored, old), arms),
        }
    finally:
        for engine in engines.values():
            engine.close()


def _recall(cases: Sequence[Case], arms: dict[Arm, dict[str, Choose]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for arm in ("open", "ours"):
        _say(f"choosing context for {len(cases)} cases: {arm} ...")
        found[arm] = recall.summary(list(recall.look(cases, arms[arm].__getitem__, BUDGETS, CHARS_PER_TOKEN)))
    return found


def _quality(plan: Plan, chosen: Sequence[Case], arms: dict[Arm, dict[str, Choose]]) -> dict[str, object]:
    if not chosen:
        return {}
    scored = []
    with Scorer(plan.data / "scores.jsonl", plan.model) as scorer:
        for number, case in enumerate(chosen, 1):
            answers = {arm: scorer.score(question(case, arms[arm][case.package], plan.budget)) for arm in ARMS}
            scored.append(
                quality.Scored(
                    case.key,
                    answers["none"]["target_tokens"],
                    {arm: answer["nats"] for arm, answer in answers.items()},
                    {arm: answer["exact"] for arm, answer in answers.items()},
                    {arm: answer["prompt_tokens"] for arm, answer in answers.items()},
                )
            )
            if not number % 10:
                _say(f"scored {number} of {len(chosen)} targets")
    model = {"name": plan.model or "the embedded model", "budget": plan.budget}
    return {"quality": quality.summary(scored), "model": model}


def question(case: Case, contender: Choose, budget: int) -> dict[str, object]:
    """What the model is asked for a case behind a contender's context, in the prompt's order."""
    prefix, suffix = shown(case)
    return {
        "context": contender(case, int(budget * CHARS_PER_TOKEN)),
        "prefix": prefix,
        "suffix": suffix,
        "path": case.path,
        "target": case.target,
        "generate": True,
    }


def shown(case: Case) -> tuple[str, str]:
    """The texts before and behind the cursor that the prompt shows."""
    above, _, before = case.prefix.rpartition("\n")
    lines = [line + "\n" for line in above.split("\n")] if "\n" in case.prefix else []
    rest, _, below = case.suffix.partition("\n")
    return (
        prefix_window(lines, before, PREFIX_LINES, PREFIX_CHARS),
        suffix_window(rest + "\n", [line + "\n" for line in below.split("\n")], SUFFIX_CHARS),
    )


def _made(spots: Iterable[Spot], old: Mapping[str, Sources]) -> list[Case]:
    return [spot.case(old[spot.package]) for spot in spots]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

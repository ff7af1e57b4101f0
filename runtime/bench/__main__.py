"""`python -m mellum_ls.runtime.bench KIND`: loads a model, measures it, prints a table, writes JSON.

Exit codes: 0 measured; 1 no figure can be given, with the reason on standard error; 2 wrong arguments.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mellum_ls.runtime.bench import (
    drafting,
    drafting_report,
    explain,
    kernels_command,
    quality_command,
    warm,
    warm_report,
)
from mellum_ls.runtime.bench.decode import Plan, measure
from mellum_ls.runtime.bench.made import synthetic_engine, synthetic_shape
from mellum_ls.runtime.bench.report import table
from mellum_ls.runtime.bench.rival import TransformersRival
from mellum_ls.runtime.checkpoints.hub_cache import shown_name
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import FORMATS, Environment, model_directory, read_environment
from mellum_ls.runtime.errors import MellumError
from mellum_ls.runtime.formats import named_format
from mellum_ls.runtime.use_threads import use_threads

# Context and new tokens. Prefill decodes too: a comparison on one token alone would prove little.
LENGTHS = {"decode": (512, 64), "prefill": (2048, 8), "warm": (2048, 16)}
REPEATS = {"decode": 7, "prefill": 7, "warm": 40}


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; ends the process with code 2 when it is wrong, as argparse does."""
    parser = argparse.ArgumentParser(prog="mellum-ls bench", allow_abbrev=False)
    kinds = parser.add_subparsers(dest="benchmark", required=True, metavar="|".join((*LENGTHS, "kernels", "quality")))
    kernels_command.add_arguments(kinds.add_parser("kernels", allow_abbrev=False))
    quality_command.add_arguments(kinds.add_parser("quality", allow_abbrev=False))
    for name, (context, tokens) in LENGTHS.items():
        sub = kinds.add_parser(name, allow_abbrev=False)
        sub.add_argument("--model", metavar="DIR")
        sub.add_argument("--format", choices=FORMATS)
        if name != "warm":
            sub.add_argument("--synthetic", metavar="released|layers=N|nano", type=synthetic_shape)
            sub.add_argument("--seed", metavar="N", type=int, default=0)
        sub.add_argument("--context", metavar="N", type=int, default=context)
        sub.add_argument("--tokens", metavar="N", type=int, default=tokens)
        sub.add_argument("--repeats", metavar="N", type=int, default=REPEATS[name])
        sub.add_argument("--against", choices=["transformers"])
        sub.add_argument("--json", metavar="FILE", type=Path)
        if name == "decode":
            sub.add_argument("--drafting", metavar="FILE", type=Path, help="with and without drafts, over JSON lines")
            sub.add_argument("--prompts", metavar="N", type=int, default=200)
            sub.add_argument("--explain", action="store_true", help="what checking drafts costs, and what would pay")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one benchmark; the exit code."""
    given = parse_arguments(argv)
    try:
        if given.benchmark == "kernels":
            kernels_command.run(given)
            return 0
        if given.benchmark == "quality":
            quality_command.run(given)
            return 0
        if given.benchmark == "decode" and (given.drafting or given.explain):
            return _drafting(given)
        plan = Plan(given.benchmark, given.context, given.tokens, given.repeats)
        environment = read_environment()
        use_threads(environment.threads)
        engine = _engine(given, environment)
        model = engine.model
        rival = TransformersRival(engine.model_dir, model.dtype, model.device) if given.against else None
        print(f"measuring {shown_name(engine.model_dir)}, {plan.repeats} repeats ...", file=sys.stderr, flush=True)
        if given.benchmark == "warm":
            found = warm.measure(engine, plan, rival=rival)
            print(warm_report.table(found))
        else:
            found = measure(engine, plan, rival=rival)
            print(table(found))
        if given.json is not None:
            given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except (MellumError, OSError) as error:
        print(f"mellum-ls bench: {error}", file=sys.stderr)
        return 1
    return 0


def _engine(given: argparse.Namespace, environment: Environment) -> Engine:
    """The engine to measure: of a model folder, or of random weights."""
    format = named_format(given.format or environment.format)
    if getattr(given, "synthetic", None) is not None:
        return synthetic_engine(given.synthetic, format, given.seed)
    model_dir = model_directory(given.model or environment.model)
    return Engine.load(
        model_dir,
        format=format,
        draft=environment.drafting,
        cache_dir=environment.cache_dir,
        profile_file=environment.profile,
    )


def _drafting(given: argparse.Namespace) -> int:
    """The two measurements of drafting."""
    environment = read_environment()
    use_threads(environment.threads)
    engine = Engine.load(
        model_directory(given.model or environment.model),
        draft=True,
        cache_dir=environment.cache_dir,
        profile_file=environment.profile,
    )
    if given.explain:
        found = explain.explain(engine)
        print(explain.table(found))
    else:
        clock = time.thread_time if engine.model.device.type == "cpu" else time.perf_counter

        def tell(done: int) -> None:
            if done % 20 == 0:
                print(f"{done} of {given.prompts} prompts", file=sys.stderr, flush=True)

        found = drafting.measure(engine, given.drafting, given.prompts, clock, on_prompt=tell)
        print(drafting_report.table(found))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The sections of the evaluation: each takes the bench and gives back plain JSON figures.

Decides how many cases a section has and how a hole becomes a job; the scores themselves live in their own
modules.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.nano import humaneval, shown
from mellum_ls.runtime.nano.answers import Answer, Answers, Job, load
from mellum_ls.runtime.nano.baseline import Baseline
from mellum_ls.runtime.nano.calls import CallSite, find_calls
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.heldout import order, read_corpus, shuffled
from mellum_ls.runtime.nano.holes import (
    LINE_KINDS,
    Hole,
    block_holes,
    head,
    mid_token_holes,
    single_line_holes,
    tail,
)
from mellum_ls.runtime.nano.metrics import edit_similarity, exact_match, summarise
from mellum_ls.runtime.nano.next_token import documents, score_baseline, score_model
from mellum_ls.runtime.nano.ngram import KneserNey
from mellum_ls.runtime.nano.speculate import draft_and_verify
from mellum_ls.runtime.profile import FimTokens
from mellum_ls.runtime.stopping import make_rule

SEED = 20
LINE = GenerationParams(max_tokens=64, stop="line")
BLOCK = GenerationParams(max_tokens=160, stop="block")
NUM_SUGGESTIONS = 10
CALL_PREFIX, CALL_SUFFIX = 2000, 800
TUNING_EVERY, TUNING_LONGEST = 20, 8192
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many cases each section has at most."""

    single_line: int = 1000
    multi_line: int = 200
    mid_token: int = 200
    calls: int = 200
    drafts: int = 50
    true_texts: int = 4000
    humaneval: int = 10_000
    tokens: int = 100_000
    tuning_tokens: int = 40_000
    baseline_bytes: int = 40_000_000

    def limited(self, limit: int | None) -> "Sizes":
        """No section with more than `limit` cases, token and byte counts in proportion; for a quick look."""
        if limit is None:
            return self
        cases = {name: min(value, limit) for name, value in asdict(self).items() if value <= 10_000}
        rest = {name: min(value, limit * value // 1000) for name, value in asdict(self).items() if value > 10_000}
        return Sizes(**cases, **rest)


@dataclass(frozen=True)
class Bench:
    """What the sections work with; everything dear is made when it is first asked for, and once."""

    model_dir: Path
    heldout: Path
    train: Path | None
    problems: Path | None
    sizes: Sizes
    answers: Answers

    @cached_property
    def files(self) -> list[SourceFile]:
        """Held-out files in a fixed order in which packages take turns."""
        return shuffled(read_corpus(self.heldout), SEED)

    @property
    def engine(self) -> Engine:
        """The model, loaded once."""
        return load(self.model_dir)

    @property
    def fim(self) -> FimTokens:
        """The sentinels; SettingError if the model has none."""
        if self.engine.profile.fim is None:
            raise SettingError(f"--model {self.model_dir} has no fill-in-the-middle tokens: nothing to evaluate")
        return self.engine.profile.fim

    @cached_property
    def single_line(self) -> list[Hole]:
        """The single-line holes, which three sections share."""
        return single_line_holes(self.files, self.sizes.single_line, SEED)

    def fill(self, holes: Sequence[Hole], params: GenerationParams) -> list[Answer]:
        """One answer for each hole."""
        prompts = [Prompt(prefix=hole.prefix, suffix=hole.suffix, path=hole.file.path) for hole in holes]
        return self.answers.ask([Job(prompt, params) for prompt in prompts])


def next_token(bench: Bench) -> Figures:
    """Next-token accuracy and bits per byte of the model."""
    docs = list(documents(bench.files, bench.engine.tokenizer, bench.fim, bench.sizes.tokens))
    return asdict(score_model(bench.engine, docs))


def baseline(bench: Bench) -> Figures:
    """The same of a 5-gram with cache, fitted and tuned on a fixed sample of the training files."""
    if bench.train is None:
        raise SettingError("the baseline section needs --train FILE")
    tokenizer = bench.engine.tokenizer
    size = bench.train.stat().st_size
    # Files of the sample are chosen by their names alone, wherever they stand in the corpus.
    bound = min(1.0, bench.sizes.baseline_bytes / size) * 2**64
    sample = (file for file in read_corpus(bench.train) if order(SEED, file.package, file.path) < bound)
    fitting: list[array[int]] = []
    tuning: list[Sequence[int]] = []
    tuned = 0
    for number, document in enumerate(documents(sample, tokenizer, bench.fim, size)):
        if number % TUNING_EVERY == 0 and tuned < bench.sizes.tuning_tokens and len(document.ids) < TUNING_LONGEST:
            tuning.append(document.ids)
            tuned += len(document.ids)
        else:
            fitting.append(array("i", document.ids))
    opponent = Baseline(KneserNey(fitting, tokenizer.vocab_size), tuning)
    docs = list(documents(bench.files, tokenizer, bench.fim, bench.sizes.tokens))
    return {
        **asdict(score_baseline(opponent, docs)),
        "fitted_tokens": sum(map(len, fitting)),
        "tuning_tokens": tuned,
    }


def single_line(bench: Bench) -> Figures:
    """Scores of single-line holes, all and by kind of cursor."""
    answers = bench.fill(bench.single_line, LINE)
    figures = _scores(bench.single_line, answers)
    for kind in LINE_KINDS:
        pairs = [(h, a) for h, a in zip(bench.single_line, answers, strict=True) if h.kind == kind]
        figures[kind] = _scores([hole for hole, _ in pairs], [answer for _, answer in pairs])
    return figures


def multi_line(bench: Bench) -> Figures:
    """Scores of whole blocks of 2-8 lines; `reachable`: the truth itself would get past the stop rule in full."""
    holes = block_holes(bench.files, bench.sizes.multi_line, SEED)
    reachable = sum(exact_match(_stopped(hole), hole.target) for hole in holes) / max(1, len(holes))
    return {**_scores(holes, bench.fill(holes, BLOCK)), "reachable": reachable}


def mid_token(bench: Bench) -> Figures:
    """Scores of single-line holes whose cursor cuts a token of the vocabulary in two."""
    inner = bench.engine.tokenizer.inner

    def starts(text: str) -> list[int]:
        return [offsets[0] for offsets in inner.encode(text, add_special_tokens=False).offsets]

    holes = mid_token_holes(bench.files, bench.sizes.mid_token, SEED, starts)
    return _scores(holes, bench.fill(holes, LINE))


def shown_lines(bench: Bench) -> Figures:
    """What the language server would show of the single-line suggestions, and whether the files still parse."""
    return asdict(shown.score(bench.single_line, bench.fill(bench.single_line, LINE)))


def stop_rules(bench: Bench) -> Figures:
    """How often the stop rules end a text too early that really stood there, in lines and in blocks, by rule."""
    blocks = block_holes(bench.files, bench.sizes.true_texts, SEED)
    lines = single_line_holes(bench.files, bench.sizes.true_texts, SEED)
    return {"line": _early_stops(lines, LINE), "block": _early_stops(blocks, BLOCK)}


def cross_file(bench: Bench) -> Figures:
    """Call lines without and with the definition from another file, from the name and from the bracket."""
    calls = find_calls(bench.files, bench.sizes.calls, SEED)
    # Jobs of one call stand together: they share most of their prompt, hence the engine's cache.
    jobs = [
        _call_job(call, cursor, context)
        for call in calls
        for context in ((), (call.definition,))
        for cursor in (call.start, call.arguments)
    ]
    texts = [answer.text for answer in bench.answers.ask(jobs)]
    return {
        "calls": len(calls),
        "packages": len({call.file.package for call in calls}),
        "whole_call": _paired([c.file.text[c.start : c.end] for c in calls], texts[0::4], texts[2::4]),
        "arguments": _paired([c.file.text[c.arguments : c.end] for c in calls], texts[1::4], texts[3::4]),
    }


def mtp(bench: Bench) -> Figures:
    """How often drafts hold in greedy continuations, and whether drafting changes the output."""
    engine = bench.engine
    if engine.mtp is None:
        return {"prompts": 0}
    half = bench.sizes.drafts // 2
    plain = [d.ids[:512] for d in documents(bench.files[:half], engine.tokenizer, bench.fim, 10**9)]
    jobs = [Prompt(hole.prefix, hole.suffix, hole.file.path) for hole in bench.single_line[:half]]
    prompts = [(ids, 48) for ids in plain] + [(engine.prompt_ids(job, 64), 64) for job in jobs]
    runs = [draft_and_verify(engine, engine.mtp, ids, budget) for ids, budget in prompts]
    equal = [
        engine.generate_ids(ids, budget) == list(run.ids) for (ids, budget), run in zip(prompts, runs, strict=True)
    ]
    steps, first = sum(run.steps for run in runs), sum(run.first_held for run in runs)
    return {
        "prompts": len(prompts),
        "equal_outputs": sum(equal),
        "tokens": sum(len(run.ids) for run in runs),
        "steps": steps,
        "first_acceptance": first / max(1, steps),
        "second_acceptance": sum(run.second_held for run in runs) / max(1, first),
        "tokens_per_step": 1 + (first + sum(run.second_held for run in runs)) / max(1, steps),
    }


def human_eval(bench: Bench) -> Figures:
    """HumanEval-Infilling, single line: tests really run."""
    if bench.problems is None:
        raise SettingError("the humaneval section needs --humaneval FILE")
    problems = humaneval.read_problems(bench.problems)[: bench.sizes.humaneval]
    answers = bench.answers.ask([Job(problem.prompt, LINE) for problem in problems])
    budget = sum(answer.hit_budget for answer in answers) / max(1, len(answers))
    return {**asdict(humaneval.score(problems, [answer.text for answer in answers])), "hit_budget": budget}


def suggestions(bench: Bench) -> Figures:
    """Ten single-line holes at even distances, with what was suggested, good or bad."""
    every = max(1, len(bench.single_line) // NUM_SUGGESTIONS)
    holes = bench.single_line[every // 2 :: every][:NUM_SUGGESTIONS]
    answers = bench.fill(holes, LINE)
    entries = [
        {
            "path": hole.file.path,
            "before": "\n".join(hole.prefix.split("\n")[-5:]),
            "suggestion": answer.text,
            "shown": shown.shown(hole, answer),
            "truth": hole.target,
            "exact": exact_match(answer.text, hole.target),
        }
        for hole, answer in zip(holes, answers, strict=True)
    ]
    return {"every": every, "shown": entries}


SECTIONS: dict[str, Callable[[Bench], Figures]] = {
    "next_token": next_token,
    "baseline": baseline,
    "single_line": single_line,
    "shown": shown_lines,
    "stop_rules": stop_rules,
    "suggestions": suggestions,
    "multi_line": multi_line,
    "mid_token": mid_token,
    "cross_file": cross_file,
    "mtp": mtp,
    "humaneval": human_eval,
}


def _scores(holes: Sequence[Hole], answers: Sequence[Answer]) -> Figures:
    texts, truths = [answer.text for answer in answers], [hole.target for hole in holes]
    return asdict(summarise(texts, truths, [answer.hit_budget for answer in answers]))


def _early_stops(holes: Sequence[Hole], params: GenerationParams) -> Figures:
    """Shares of the holes whose own text a rule cuts short, apart from the rule for the kind of place."""
    tally: Counter[str | None] = Counter()
    for hole in holes:
        rule = make_rule(params.stop, hole.prefix, hole.suffix)
        text = rule.push(hole.target)
        text = text if rule.stopped else text + rule.finish()
        tally[None if exact_match(text, hole.target) else rule.reason] += 1
    return {"holes": len(holes), **{reason: tally[reason] / max(1, len(holes)) for reason in ("echo", "loop")}}


def _stopped(hole: Hole) -> str:
    """What the block rule shows of a model that writes the truth and then goes on with the file."""
    rule = make_rule(BLOCK.stop, hole.prefix, hole.suffix)
    shown = rule.push(hole.target + hole.suffix)
    return shown if rule.stopped else shown + rule.finish()


def _call_job(call: CallSite, cursor: int, context: tuple[ContextFile, ...]) -> Job:
    text = call.file.text
    prefix, suffix = tail(text[:cursor], CALL_PREFIX), head(text[call.end :], CALL_SUFFIX)
    return Job(Prompt(prefix, suffix, call.file.path, context), LINE)


def _paired(truths: Sequence[str], without: Sequence[str], with_context: Sequence[str]) -> Figures:
    """Both sides' scores, and how many cases each side alone got right."""
    count = max(1, len(truths))
    right = [
        (exact_match(a, truth), exact_match(b, truth))
        for truth, a, b in zip(truths, without, with_context, strict=True)
    ]
    tally = Counter(right)
    return {
        "exact_without": sum(a for a, _ in right) / count,
        "exact_with": sum(b for _, b in right) / count,
        "similarity_without": sum(map(edit_similarity, without, truths)) / count,
        "similarity_with": sum(map(edit_similarity, with_context, truths)) / count,
        "only_with": tally[False, True],
        "only_without": tally[True, False],
        "both": tally[True, True],
        "neither": tally[False, False],
    }

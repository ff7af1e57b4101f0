"""`python -m mellum_ls.runtime.bench.score`: how likely a model finds given texts at given cursors.

Reads a question a line from standard input, JSON, and writes an answer a line to standard output. The prompts are those
of the engine, so that what is measured is what editors get. Knows nothing of where the questions come from.

Exit codes: 0 all answered; 1 no model, with the reason on standard error. A line that is no question gets
`{"error": ...}`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory, read_environment
from mellum_ls.runtime.errors import MellumError, RequestError
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import extend, greedy
from mellum_ls.runtime.use_threads import use_threads

# Nobody waits for a key here, so passes are as large as they pay.
CHUNK = 512
LONGEST_LINE = 96
"""Most tokens of a line that is generated."""


@dataclass(frozen=True, slots=True)
class Question:
    """A cursor and the text that stood there."""

    prompt: Prompt
    target: str
    generate: bool


@dataclass(frozen=True, slots=True)
class Score:
    """What the model makes of it."""

    nats: float
    """Natural logarithm of the target's probability after the prompt; 0 at most."""
    target_tokens: int
    prompt_tokens: int
    generated: str | None
    """The line that greedy decoding writes, without its end; None where none was wanted."""
    exact: bool | None
    """Whether that is the target's first line, blanks at the end aside."""
    milliseconds: float


def read_question(line: str) -> Question:
    """The question of a line of JSON. RequestError says what is wrong with it."""
    try:
        raw = json.loads(line)
        context = tuple(ContextFile(_text(path), _text(text)) for path, text in raw.get("context", []))
        fields = {name: _text(raw[name]) for name in ("prefix", "suffix", "path")}
        target = _text(raw["target"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestError(f"not a question: {type(error).__name__}: {error}") from error
    if not target:
        raise RequestError("not a question: the target is empty")
    return Question(Prompt(context=context, **fields), target, raw.get("generate") is True)


def score(engine: Engine, question: Question, clock: Callable[[], float] = time.perf_counter) -> Score:
    """Score one target, and write the line greedily where that is wanted. RequestError if it does not fit the model."""
    started = clock()
    target = engine.tokenizer.encode(question.target)
    prompt = engine.prompt_ids(question.prompt, max(len(target), LONGEST_LINE))
    session = Session(engine.model.new_cache())
    for start in range(0, len(prompt), CHUNK):
        hidden = extend(engine.model, session, prompt[start : start + CHUNK])
    last = hidden[-1:]  # [1, H]
    nats = _log_probability(engine, session, last, target)
    line = None
    if question.generate:
        # A prompt beyond what the sliding layers keep goes back further than its end.
        reached = session.cache.truncate(len(prompt))
        del session.ids[reached:]
        for start in range(reached, len(prompt), CHUNK):
            last = extend(engine.model, session, prompt[start : start + CHUNK])[-1:]
        line = _line(engine, session, last)
    exact = None if line is None else line.rstrip() == question.target.split("\n", 1)[0].rstrip()
    return Score(nats, len(target), len(prompt), line, exact, (clock() - started) * 1000)


def _log_probability(engine: Engine, session: Session, last: Tensor, target: Sequence[int]) -> float:
    """The sum over the ids of `target`, which follow the session; `last` [1, H] is the state of its last position."""
    hidden = last
    if len(target) > 1:
        hidden = torch.cat([last, extend(engine.model, session, target[:-1])])  # [T, H]
    total = 0.0
    for start in range(0, len(target), CHUNK):
        # In double precision: a sum of a hundred small numbers, and a vocabulary of many thousand.
        logits = engine.model.logits(hidden[start : start + CHUNK]).double()  # [t, V]
        ids = torch.tensor(target[start : start + CHUNK], device=logits.device)
        total += float(logits.log_softmax(-1).gather(1, ids[:, None]).sum())
    return total


def _line(engine: Engine, session: Session, last: Tensor) -> str:
    """What is generated up to the first line end, a stop id or LONGEST_LINE tokens."""
    ids: list[int] = []
    stops = engine.profile.stop_ids
    for token in greedy(engine.model, session, last, LONGEST_LINE, stops):
        if token in stops:
            break
        ids.append(token)
        if b"\n" in engine.tokenizer.pieces.get(token, b""):
            break
    return engine.tokenizer.decode(ids).split("\n", 1)[0]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"wanted a string, found {type(value).__name__}")
    return value


def answer(engine: Engine, line: str) -> dict[str, Any]:
    """The answer to one line, as JSON."""
    try:
        return asdict(score(engine, read_question(line)))
    except RequestError as error:
        return {"error": str(error)}


def main(argv: Sequence[str] | None = None) -> int:
    """Answer until standard input ends; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.bench.score", allow_abbrev=False)
    parser.add_argument("--model", metavar="DIR")
    given = parser.parse_args(argv)
    try:
        environment = read_environment()
        use_threads(environment.threads)
        engine = Engine.load(model_directory(given.model or environment.model), profile_file=environment.profile)
    except (MellumError, OSError) as error:
        print(f"score: {error}", file=sys.stderr)
        return 1
    facts = engine.status()
    print(json.dumps({name: facts[name] for name in ("model", "parameters", "dtype", "device")}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(engine, line)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Asks the model for many suggestions, in several processes, and remembers every answer in a file.

A run that was killed continues where it stood. Knows prompts and texts; what an answer is worth, others
decide.
"""

import hashlib
import json
import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams, Reason

logger = logging.getLogger(__name__)

BATCH = 8  # jobs handed to a process at once; neighbours in a batch share its cache
REPORT_EVERY = 100


@dataclass(frozen=True, slots=True)
class Job:
    """One completion to ask for."""

    prompt: Prompt
    params: GenerationParams

    @property
    def key(self) -> str:
        """A digest of everything that the answer depends on, the model apart."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine returned after its own stop rule, and why it ended."""

    text: str
    reason: Reason

    @property
    def hit_budget(self) -> bool:
        """The model did not stop by itself, nor at the stop rule."""
        return self.reason == "length"


class Answers:
    """All answers of one model, which `fingerprint` stands for, kept in `path` (None: in memory only).

    A log of another model is begun anew.
    """

    def __init__(self, model_dir: Path, fingerprint: str, path: Path | None, workers: int = 2) -> None:
        self._model_dir, self._path, self._workers = model_dir, path, workers
        self._known: dict[str, Answer] = {}
        self._pool: ProcessPoolExecutor | None = None
        if path is not None:
            self._open(path, fingerprint)

    def ask(self, jobs: Sequence[Job]) -> list[Answer]:
        """One answer for each job, in order; only those that are not known yet are computed."""
        missing = list({job.key: job for job in jobs if job.key not in self._known}.values())
        for done, (job, answer) in enumerate(zip(missing, self._compute(missing), strict=True), 1):
            self._keep(job.key, answer)
            if done % REPORT_EVERY == 0:
                logger.info("%d of %d suggestions", done, len(missing))
        return [self._known[job.key] for job in jobs]

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown()

    def _compute(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        if len(jobs) <= BATCH or self._workers == 1:
            yield from (_answer(self._model_dir, job) for job in jobs)
            return
        if self._pool is None:
            # Small matrices do not gain from threads; two processes with one thread each do twice the work.
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=spawn, initializer=torch.set_num_threads, initargs=(1,)
            )
        yield from self._pool.map(_answer, [self._model_dir] * len(jobs), jobs, chunksize=BATCH)

    def _open(self, path: Path, fingerprint: str) -> None:
        lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
        if not lines or lines[0] != json.dumps({"fingerprint": fingerprint}):
            path.write_text(json.dumps({"fingerprint": fingerprint}) + "\n", encoding="utf-8")
            return
        whole = lines[1:-1]  # the last one is empty, or was cut by a kill
        for line in whole:
            entry = json.loads(line)
            self._known[entry["key"]] = Answer(entry["text"], entry["reason"])
        path.write_text("\n".join([lines[0], *whole]) + "\n", encoding="utf-8")

    def _keep(self, key: str, answer: Answer) -> None:
        self._known[key] = answer
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"key": key, **asdict(answer)}) + "\n")


@cache
def load(model_dir: Path) -> Engine:
    """The engine of a model directory, loaded once in each process."""
    return Engine.load(model_dir)


def _answer(model_dir: Path, job: Job) -> Answer:
    result = load(model_dir).complete("evaluation", job.prompt, job.params)
    return Answer(result.text, result.reason)

"""HumanEval-Infilling (Bavarian et al. 2022): does a program with one line suggested pass its tests?

Runs programs only through the sandbox. The data are for measuring and never for training.
"""

import gzip
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.nano.metrics import exact_match
from mellum_ls.runtime.nano.sandbox import Outcome, run_program


@dataclass(frozen=True, slots=True)
class Problem:
    """One function with a line missing between `prefix` and `suffix`, and the tests that it must pass."""

    task: str
    prefix: str
    suffix: str
    solution: str
    test: str
    entry_point: str

    @property
    def prompt(self) -> Prompt:
        """What an editor would send with the cursor at the start of an empty line."""
        return Prompt(prefix=self.prefix, suffix="\n" + self.suffix)

    def program(self, line: str) -> str:
        """The whole program with `line` in the gap, calling its tests at the end."""
        return f"{self.prefix}{line}\n{self.suffix}\n{self.test}\ncheck({self.entry_point})\n"


@dataclass(frozen=True, slots=True)
class Passes:
    """Shares of `problems`: tests passed with the suggestion, with an empty gap; the cut line itself."""

    problems: int
    pass_at_1: float
    pass_empty: float
    exact_match: float
    timeouts: int


def read_problems(path: Path) -> list[Problem]:
    """Read a gzipped file of problems, one JSON object a line; raises SettingError when it is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.strip()]
        return [
            Problem(
                task=row["task_id"],
                prefix=row["prompt"],
                suffix=row["suffix"],
                solution=row["canonical_solution"],
                test=row["test"],
                entry_point=row["entry_point"],
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(f"--humaneval {path}: not a HumanEval-Infilling file ({error!r})") from error


def score(problems: Sequence[Problem], lines: Sequence[str]) -> Passes:
    """Run each problem's tests with its line, and with an empty line; equal programs run once."""
    filled = [problem.program(line) for problem, line in zip(problems, lines, strict=True)]
    empty = [problem.program("") for problem in problems]
    programs = list(dict.fromkeys([*filled, *empty]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes: dict[str, Outcome] = dict(zip(programs, pool.map(run_program, programs), strict=True))
    count = max(1, len(problems))
    return Passes(
        problems=len(problems),
        pass_at_1=sum(outcomes[program] == "passed" for program in filled) / count,
        pass_empty=sum(outcomes[program] == "passed" for program in empty) / count,
        exact_match=sum(exact_match(s, p.solution) for s, p in zip(lines, problems, strict=True)) / count,
        timeouts=sum(outcomes[program] == "timeout" for program in filled),
    )

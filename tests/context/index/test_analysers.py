"""Files analysed here and in processes: the same outcomes, and a parser that dies costs one file."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.context.index.analysers import (
    DIED,
    Analysed,
    InProcess,
    InProcesses,
    LeftOut,
    _outcome,
    read_and_analyse,
    serve,
)
from mellum_ls.context.index.rest import Rest
from mellum_ls.context.privacy.gate import Gate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(30):
        (tmp_path / f"file_{number:02}.py").write_text(f"def name_{number}():\n    return other_{number}()\n")
    (tmp_path / "binary.py").write_bytes(b"\0\1\2" * 100)
    (tmp_path / ".env").write_text("KEY=1\n")
    return tmp_path


def paths(root: Path) -> list[str]:
    return [*sorted(path.name for path in root.iterdir()), "gone.py"]


@pytest.fixture
def two(root: Path) -> Iterator[InProcesses]:
    analysers = InProcesses(root, ["file_07.py"], 2, Rest())
    yield analysers
    analysers.close()


def test_processes_find_what_one_finds(root: Path, two: InProcesses) -> None:
    here = list(InProcess(Gate(root, ["file_07.py"])).outcomes(paths(root)))
    there = sorted(two.outcomes(paths(root)), key=lambda outcome: outcome.path)
    assert there == sorted(here, key=lambda outcome: outcome.path)
    assert [outcome.path for outcome in here] == paths(root)
    assert {o.path for o in here if isinstance(o, LeftOut)} == {"binary.py", ".env", "gone.py", "file_07.py"}


def test_an_outcome_is_of_the_file_as_it_was_read(root: Path) -> None:
    outcome = read_and_analyse("file_03.py", Gate(root))
    assert isinstance(outcome, Analysed)
    assert (outcome.size, outcome.mtime_ns) == (
        (root / "file_03.py").stat().st_size,
        (root / "file_03.py").stat().st_mtime_ns,
    )
    assert [symbol.name for symbol in outcome.found.symbols] == ["name_3"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_file_that_a_process_dies_of_is_left_out_and_no_other(root: Path, two: InProcesses) -> None:
    asked = [path for path in paths(root) if path.startswith("file_") and path != "file_07.py"]
    found = two.outcomes(asked)
    outcomes = [next(found)]
    victim = two._hands[0]
    # Held still before it is killed, so that what it was at is known: the first that it has not answered.
    assert victim._process.pid is not None
    os.kill(victim._process.pid, signal.SIGSTOP)
    answered = []
    while victim.pipe.poll(0.2):
        answered.append(_outcome(victim.pipe.recv()))
        victim.in_hand.popleft()
    first = victim.in_hand[0] if victim.in_hand else None
    os.kill(victim._process.pid, signal.SIGKILL)
    outcomes += [*answered, *found]
    assert sorted(outcome.path for outcome in outcomes) == asked
    died = [outcome.path for outcome in outcomes if outcome == LeftOut(outcome.path, DIED)]
    assert died == ([first] if first is not None else [])


def test_a_surprise_in_a_parser_costs_one_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def surprised(path: str, text: str) -> None:
        raise IndexError(text)

    monkeypatch.setattr("mellum_ls.context.index.analysers.analyse", surprised)
    outcome = read_and_analyse("file_03.py", Gate(root))
    assert outcome == LeftOut("file_03.py", "cannot be analysed (IndexError)")


def test_a_process_ends_when_nobody_asks_any_more(two: InProcesses) -> None:
    hand = two._hands[0]
    hand.pipe.close()
    hand._process.join(20)
    assert hand._process.exitcode == 0


def test_serving_answers_until_the_pipe_closes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    ours, theirs = multiprocessing.Pipe()
    ours.send("file_01.py")
    ours.send(".env")
    gate = Gate(root)
    expected = [read_and_analyse(path, gate) for path in ("file_01.py", ".env")]
    answers: list[Any] = []

    class Once:
        """A pipe that closes after two questions."""

        def recv(self) -> object:
            if not theirs.poll():
                raise EOFError
            return theirs.recv()

        def send(self, answer: object) -> None:
            answers.append(answer)

    rest, steps = Rest(), []
    monkeypatch.setattr(rest, "take", lambda: steps.append("before a file"))
    monkeypatch.setattr(rest, "take_anywhere", lambda: steps.append("in a file"))
    serve(Once(), str(root), (), rest)  # type: ignore[arg-type]
    assert steps == ["in a file", "before a file", "before a file"]
    assert [_outcome(answer) for answer in answers] == expected
    ours.close()
    theirs.close()

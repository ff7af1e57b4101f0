"""Files read and analysed, here or in processes of their own; a file that a parser dies of costs that file alone.

Writes nothing. The processes end when the pipe to whoever started them closes.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from mellum_ls.context.index.analysis import Analysis, analyse
from mellum_ls.context.index.rest import Rest
from mellum_ls.context.index.wire import from_bytes, to_bytes
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.workspace.reading import Text, read

IN_FLIGHT = 16
"""Paths that a process has in hand, so that it need not wait for its next one while results are written."""
OBJECTS_BETWEEN_COLLECTIONS = 100_000
DIED = "the parser died of it"


@dataclass(frozen=True, slots=True)
class Analysed:
    """A file and what is kept of it."""

    path: str
    size: int
    mtime_ns: int
    found: Analysis


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not taken in, and why."""

    path: str
    reason: str


Outcome = Analysed | LeftOut


def read_and_analyse(path: str, gate: Gate) -> Outcome:
    """One file, read through the gate. Never raises for what is in it."""
    text = read(path, gate)
    if not isinstance(text, Text):
        return LeftOut(path, text.reason)
    try:
        found = analyse(path, text.text)
    except Exception as error:  # noqa: BLE001 - what one file reveals in a parser must not cost all others
        return LeftOut(path, f"cannot be analysed ({type(error).__name__})")
    return Analysed(path, text.size, text.mtime_ns, found)


class InProcess:
    """Analyses in the caller's process: the least memory."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def outcomes(self, paths: Iterable[str]) -> Iterator[Outcome]:
        """One outcome for each path, in their order."""
        return (read_and_analyse(path, self._gate) for path in paths)


class InProcesses:
    """Analyses in `count` processes, which take every `rest`."""

    def __init__(self, root: Path, exclude: Sequence[str], count: int, rest: Rest) -> None:
        self._arguments = (str(root), tuple(exclude), rest)
        self._hands = [_Hand(self._arguments) for _ in range(count)]

    def outcomes(self, paths: Iterable[str]) -> Iterator[Outcome]:
        """One outcome for each path; those of one process in their order. To be read to the end, or `close`."""
        left = iter(paths)
        for hand in self._hands:
            hand.fill(left)
        while busy := {hand.pipe: hand for hand in self._hands if hand.in_hand}:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                hand = busy[pipe]
                try:
                    answer = pipe.recv()
                except (EOFError, OSError):
                    # It works in order, so it died of the first that it had not answered; the rest gets another one.
                    outcome: Outcome = LeftOut(hand.in_hand.popleft(), DIED)
                    self._hands[self._hands.index(hand)] = hand = hand.successor()
                else:
                    outcome = _outcome(answer)
                    hand.in_hand.popleft()
                hand.fill(left)
                yield outcome

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for hand in self._hands:
            hand.end()


class _Hand:
    """One process, and the paths that it has not answered, in their order."""

    def __init__(self, arguments: tuple[str, tuple[str, ...], Rest]) -> None:
        self._arguments = arguments
        self.in_hand: deque[str] = deque()
        # Not forked: a copy of the caller would hold its files, and its lock, open.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(target=serve, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def fill(self, paths: Iterator[str]) -> None:
        while len(self.in_hand) < IN_FLIGHT and (path := next(paths, None)) is not None:
            self._send(path)

    def _send(self, path: str) -> None:
        self.in_hand.append(path)
        try:
            self.pipe.send(path)
        except OSError:
            return  # it has died, which the next receive says

    def successor(self) -> _Hand:
        self.end()
        other = _Hand(self._arguments)
        for path in self.in_hand:
            other._send(path)
        return other

    def end(self) -> None:
        self.pipe.close()
        self._process.kill()
        self._process.join()


def _outcome(answer: tuple[str, str] | tuple[str, int, int, bytes]) -> Outcome:
    if len(answer) == 2:
        return LeftOut(*answer)
    path, size, mtime_ns, found = answer
    return Analysed(path, size, mtime_ns, from_bytes(found))


def collect_seldom() -> None:
    """Let this process look for cycles among its objects seldom: trees and rows are many, and have none."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


def serve(pipe: Connection, root: str, exclude: tuple[str, ...], rest: Rest) -> None:
    """Answer paths with outcomes until the pipe closes: what a process of `InProcesses` runs."""
    gate = Gate(Path(root), exclude)
    collect_seldom()
    rest.take_anywhere()
    try:
        while True:
            path = pipe.recv()
            rest.take()
            outcome = read_and_analyse(path, gate)
            if isinstance(outcome, Analysed):
                pipe.send((outcome.path, outcome.size, outcome.mtime_ns, to_bytes(outcome.found)))
            else:
                pipe.send((outcome.path, outcome.reason))
    except (EOFError, OSError):
        return

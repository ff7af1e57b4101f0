"""What a keystroke costs to encode in a file of 10,000 lines: medians and spread of the whole call, milliseconds.

Beside the time that passed stands the processor's: on a busy machine the call waits for its turn now and then.

Run it with `python tests/runtime/measure_encoding.py [--keys N] [--lines N]`; the suite counts characters instead, in
test_incremental.py. The text is this project's own source, repeated as often as needed. Every answer is compared with
the ids of the whole text at the end of each row.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from mellum_ls.runtime.bench.machine import describe_machine
from mellum_ls.runtime.encoded_texts import EncodedTexts
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.incremental import IncrementalEncoder
from mellum_ls.runtime.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
TYPED = "    for index, größe in enumerate(sizes):\n        total += größe * 12  # it's a sum\n"
PLACES = {"start": 0.0, "middle": 0.5, "end": 1.0}
CONTEXT_FILES, CONTEXT_CHARS = 8, 8_000


def source(lines: int) -> str:
    """So many lines of the project, with characters outside of Latin-1, so that Python keeps four bytes for each."""
    files = sorted(path for path in ROOT.rglob("*.py") if not {".venv", "build"} & set(path.parts))
    found = "".join(path.read_text(encoding="utf-8") for path in files).splitlines(keepends=True)
    found.append("# 🙂\n")
    return "".join((found * (lines // len(found) + 1))[: lines - 1] + found[-1:])


def typing(text: str, place: int, keys: int) -> Iterator[str]:
    """The text after each of `keys` characters typed at a place."""
    typed = (TYPED * (keys // len(TYPED) + 1))[:keys]
    return (text[:place] + typed[:end] + text[place:] for end in range(1, keys + 1))


def backspacing(text: str, place: int, keys: int) -> Iterator[str]:
    """The text after each of `keys` characters removed before a place, or behind it where there are none."""
    end = max(place, keys)
    return (text[: end - gone] + text[end:] for gone in range(1, keys + 1))


def two_cursors(text: str, place: int, keys: int) -> Iterator[str]:
    """The text after each of `keys` characters typed at a place and a third of the text away from it."""
    other = (place + len(text) // 3) % len(text)
    first, second = sorted((place, other))
    typed = (TYPED * (keys // len(TYPED) + 1))[:keys]
    return (text[:first] + typed[:end] + text[first:second] + typed[:end] + text[second:] for end in range(1, keys + 1))


@dataclass
class Costs:
    """What each call took: seconds that passed, seconds of the processor, characters given to the tokenizer."""

    passed: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    chars: list[int] = field(default_factory=list)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add the seconds of what runs inside."""
        passed, processor = time.perf_counter(), time.thread_time()
        yield
        self.processor.append(time.thread_time() - processor)
        self.passed.append(time.perf_counter() - passed)

    def row(self, name: str) -> str:
        """Median, 95th percentile and extremes, and the most characters that one call encoded."""
        passed, processor = [[1e3 * each for each in seconds] for seconds in (self.passed, self.processor)]
        return (
            f"{name:<24} median {statistics.median(passed):.2f} ms, p95 {p95(passed):.2f} "
            f"({min(passed):.2f}-{max(passed):.2f}), processor {statistics.median(processor):.2f}, "
            f"p95 {p95(processor):.2f}; at most {max(self.chars)} characters, n={len(passed)}\n"
        )


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def measure(tokenizer: Tokenizer, text: str, states: Iterator[str]) -> Costs:
    """The costs of each state after the text itself."""
    encoder, costs, state = IncrementalEncoder(tokenizer), Costs(), text
    # As in use, the caller holds the ids of the state before.
    ids = encoder.encode(text)
    for state in states:
        with costs.timed():
            ids = encoder.encode(state)
        costs.chars.append(encoder.encoded_chars)
    assert ids == tokenizer.encode(state)
    return costs


def measure_context(tokenizer: Tokenizer, text: str, keys: int) -> Costs:
    """What eight context files cost a keystroke, new strings of the same text each time."""
    files = [text[number * CONTEXT_CHARS :][:CONTEXT_CHARS] for number in range(CONTEXT_FILES)]
    memo, costs = EncodedTexts(tokenizer), Costs()
    for file in files:
        memo.encode(file)
    for _ in range(keys):
        fresh, chars = [file.encode().decode() for file in files], 0
        with costs.timed():
            for file in fresh:
                memo.encode(file)
                chars += memo.encoded_chars
        costs.chars.append(chars)
    return costs


def main() -> None:
    """Print one row for each kind of edit and place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--lines", type=int, default=10_000)
    arguments = parser.parse_args()
    tokenizer, text = Tokenizer.from_file(model_directory(None) / "tokenizer.json"), source(arguments.lines)
    machine = describe_machine(torch.device("cpu"))
    sys.stdout.write(f"{machine['cpu']}, {machine['cores']} cores, load {machine['load_average']} before, ")
    sys.stdout.write(f"Python {machine['python']}\n{text.count(chr(10)):,} lines, {len(text):,} characters, ")
    start = time.perf_counter()
    ids = tokenizer.encode(text)
    sys.stdout.write(f"{len(ids):,} ids; the whole at once {1e3 * (time.perf_counter() - start):.0f} ms\n")
    for name, states in (("typing", typing), ("backspacing", backspacing), ("two cursors", two_cursors)):
        for where, share in PLACES.items():
            found = measure(tokenizer, text, states(text, int(len(text) * share), arguments.keys))
            sys.stdout.write(found.row(f"{name}, {where}"))
    sys.stdout.write(measure_context(tokenizer, text, arguments.keys).row(f"{CONTEXT_FILES} context files again"))


if __name__ == "__main__":
    main()

"""Timed repeats and their statistics. The clock and what is timed are given; knows nothing of models.

The subjects of a comparison take turns, so that a machine that slows down half-way slows all of them.
"""

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mellum_ls.runtime.errors import BenchmarkError

MIN_REPEATS = 5
MIN_TOKENS = 2

Clock = Callable[[], float]
Subject = Callable[[Callable[[int], None]], None]
"""Generates token ids and hands out each as soon as it is known."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, quartiles and extremes of one figure over all repeats."""

    median: float
    q1: float
    q3: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise one value or more. Quartiles lie within the data, interpolated between neighbours."""
        if len(values) == 1:
            return cls(*[values[0]] * 5)
        q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, q1, q3, min(values), max(values))

    def figures(self) -> dict[str, float]:
        """All of it as JSON, each as `figure` gives it."""
        named = {"median": self.median, "q1": self.q1, "q3": self.q3, "min": self.least, "max": self.most}
        return {name: figure(value) for name, value in named.items()}


def figure(value: float) -> float:
    """Four digits: more than the spread of any machine leaves standing."""
    return float(f"{value:.4g}")


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The percentile of `values`, interpolated between neighbours; None for none."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Run:
    """One generation: its ids, seconds from the start to the first id, seconds from the first to the last."""

    ids: tuple[int, ...]
    first_s: float
    rest_s: float

    def prefill_rate(self, prompt_tokens: int) -> float:
        """Prompt tokens a second, up to and including the choice of the first new id."""
        return prompt_tokens / self.first_s

    @property
    def decode_rate(self) -> float:
        """Tokens a second after the first."""
        return (len(self.ids) - 1) / self.rest_s


@dataclass(slots=True)
class _Watch:
    clock: Clock
    ids: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __call__(self, token: int) -> None:
        self.times.append(self.clock())
        self.ids.append(token)


def timed(subject: Subject, clock: Clock) -> Run:
    """Let the subject generate once. BenchmarkError if it gave too few ids to time a step."""
    watch = _Watch(clock)
    started = clock()
    subject(watch)
    if len(watch.ids) < MIN_TOKENS:
        raise BenchmarkError(f"{len(watch.ids)} tokens were generated, wanted {MIN_TOKENS} or more to time a step")
    return Run(tuple(watch.ids), watch.times[0] - started, watch.times[-1] - watch.times[0])


def interleaved(
    subjects: Mapping[str, Subject], repeats: int, clock: Clock, free: Collection[str] = ()
) -> dict[str, list[Run]]:
    """Time every subject `repeats` times, in turns whose order alternates, after one run that is not counted.

    BenchmarkError if any run gave other ids than the first one: speeds of different work do not compare. Those that
    are `free` may do so where as many came: whoever asks for it counts them.
    """
    if repeats < MIN_REPEATS:
        raise BenchmarkError(f"{repeats} repeats say nothing of the spread, wanted {MIN_REPEATS} or more")
    wanted: tuple[int, ...] = ()
    runs: dict[str, list[Run]] = {name: [] for name in subjects}
    for turn in range(repeats + 1):
        for name in list(subjects)[:: -1 if turn % 2 else 1]:
            run = timed(subjects[name], clock)
            wanted = wanted or run.ids
            if name not in free or len(run.ids) != len(wanted):
                require_same(name, run.ids, wanted)
            if turn:
                runs[name].append(run)
    return runs


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """How many times as fast we are, from the two rates of each turn."""
    return Spread.of([left / right for left, right in zip(ours, theirs, strict=True)])


def require_same(name: str, ids: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """BenchmarkError if these are other ids than those of the first run."""
    if ids == wanted:
        return
    pairs = enumerate(zip(ids, wanted, strict=False))
    place = next((i for i, (left, right) in pairs if left != right), min(len(ids), len(wanted)))
    raise BenchmarkError(
        f"{name} gave {len(ids)} tokens that differ from the first run's {len(wanted)} at token {place}; "
        "no speed is reported for work that is not the same"
    )

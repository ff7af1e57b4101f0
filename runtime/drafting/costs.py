"""What a pass of the model costs by its number of tokens, and a step of its MTP layer: figures and their file.

Free of torch; measuring.py takes the figures. They are kept by model and device.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

FOLDER = "costs"


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds, by what was measured; between two sizes as the crow flies, beyond the last at its slope."""

    passes: tuple[tuple[int, float], ...]
    """Number of tokens and seconds of a pass, the smallest first, which is 1."""
    draft: float
    """Seconds of one token that the MTP layer drafts; 0 where there is none."""

    def of(self, tokens: int) -> float:
        """Seconds of a pass of so many tokens."""
        sizes = [size for size, _ in self.passes]
        if tokens <= sizes[0] or len(sizes) == 1:
            return self.passes[0][1] * tokens / sizes[0]
        right = min(max(1, bisect.bisect_left(sizes, tokens)), len(sizes) - 1)
        (a, left_seconds), (b, right_seconds) = self.passes[right - 1], self.passes[right]
        return left_seconds + (right_seconds - left_seconds) * (tokens - a) / (b - a)


def rising(passes: list[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """The figures so that more tokens never cost less: where they do, the clock was wrong."""
    most, result = 0.0, []
    for size, seconds in sorted(passes):
        most = max(most, seconds)
        result.append((size, most))
    return tuple(result)


def key_of(*facts: object) -> str:
    """A file name for the costs of a model on a device, from everything that they depend on."""
    return hashlib.sha256(json.dumps([str(fact) for fact in facts]).encode()).hexdigest()[:24]


def read_costs(cache_dir: Path, key: str) -> Costs | None:
    """The costs that were kept; None where there are none that can be used."""
    try:
        raw = json.loads((cache_dir / FOLDER / f"{key}.json").read_text(encoding="utf-8"))
        passes = tuple((int(size), float(seconds)) for size, seconds in raw["passes"])
        costs = Costs(passes, float(raw["draft"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        logger.warning("what passes cost is measured again: the kept figures cannot be read (%s)", type(error).__name__)
        return None
    figures = [seconds for _, seconds in passes] + [costs.draft]
    sane = bool(passes) and passes[0][0] == 1 and passes == rising(list(passes)) and len(dict(passes)) == len(passes)
    return costs if sane and passes[0][1] > 0 and all(0 <= value < math.inf for value in figures) else None


def write_costs(cache_dir: Path, key: str, costs: Costs) -> None:
    """Keep the costs; where that fails they are measured again the next time."""
    path = cache_dir / FOLDER / f"{key}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps({"passes": costs.passes, "draft": costs.draft}), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        logger.warning("what passes cost could not be kept (%s)", error.strerror)

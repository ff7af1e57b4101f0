"""A few hundred documents opened and closed: nothing of them stays. The long form is measure_cycles.py."""

import asyncio
from pathlib import Path

from tests.e2e.measure_cycles import cycle

CYCLES = 300
# One document's text is 15 kB: were each kept after the settled start, they would come to more than 3 MB.
MOST_GROWTH_MB = 1.5


def test_what_is_closed_is_forgotten(tmp_path: Path) -> None:
    result = asyncio.run(cycle(tmp_path, CYCLES))
    assert result.suggestions == CYCLES
    assert (result.status["documents"], result.status["active"]) == (0, 0)
    assert len(result.series) == 20
    assert result.growth_mb < MOST_GROWTH_MB, result.series

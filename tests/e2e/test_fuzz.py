"""A short storm of messages against a real server; the long one is measure_fuzz.py."""

import asyncio
from itertools import islice
from pathlib import Path

import pytest

from tests.e2e.measure_fuzz import weather
from tests.fakes.message_storm import Storm

MESSAGES, SEED = 3_000, 11
# What a storm that tests something brings about.
OUTCOMES = ("a suggestion", "no suggestion", "another result", "error -32600", "error -32601", "error -32602")


def test_three_thousand_messages_leave_nothing_unanswered_and_nothing_behind(tmp_path: Path) -> None:
    result = asyncio.run(weather(tmp_path, MESSAGES, SEED))
    assert result.sent.total() == MESSAGES
    assert all(result.answers[outcome] for outcome in (*OUTCOMES, "error -32700", "error -32800")), result.answers
    assert result.items > 30
    assert (result.status["documents"], result.status["active"]) == (0, 0)
    assert len(result.silences) >= 6, "too few ways to end were seen"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_can_be_repeated(seed: int) -> None:
    first, second, other = (list(islice(Storm(number), 500)) for number in (seed, seed, seed + 1))
    assert first == second != other

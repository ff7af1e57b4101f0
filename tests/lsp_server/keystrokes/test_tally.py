from dataclasses import replace
from typing import Any

import pytest

from mellum_ls.lsp_server.keystrokes.tally import Asked, Call, Equality, NoUsage, Tally, equality, is_idle

COST = {
    "promptTokens": 100,
    "computedTokens": 3,
    "generatedTokens": 9,
    "firstTokenMs": 4.5,
    "totalMs": 20.25,
    "reason": "line",
}
CALL = Call(100, 3, 9, 4.5, 20.25, "line")


def status(cost: dict[str, Any] | None, **more: object) -> dict[str, Any]:
    return {"lastRequest": cost, **more}


def test_a_call_is_counted_once_however_often_the_status_tells_it() -> None:
    tally = Tally()
    assert tally.see(status(None)) is None
    assert tally.see(status(COST)) == CALL
    assert tally.see(status(COST)) is None
    other = {**COST, "totalMs": 20.5}
    assert tally.see(status(other)) == replace(CALL, total_ms=20.5)
    assert len(tally.calls) == 2


def test_after_its_own_answer_an_equal_call_is_another_one() -> None:
    tally = Tally()
    assert tally.see(status(COST), after_answer=True) == tally.see(status(COST), after_answer=True) == CALL
    assert len(tally.calls) == 2


def test_a_request_that_did_not_reach_the_model_is_no_call() -> None:
    tally = Tally()
    assert tally.see(status({**dict.fromkeys(COST), "reason": "superseded"}), after_answer=True) is None
    assert tally.calls == []


def test_an_older_server_is_named() -> None:
    with pytest.raises(NoUsage, match="lastRequest"):
        Tally().see({"state": "ready"})


def test_the_most_memory_and_the_last_counters_are_kept() -> None:
    tally = Tally()
    for rss, warmed in ((300.5, 10), (410.0, 70), (400.0, 90)):
        tally.see(status(None, warmUps=2, runtime={"rss_mb": rss, "engine": {"warmed_tokens": warmed}}))
    assert (tally.rss_mb, tally.engine("warmed_tokens"), tally.warm_ups) == (410.0, 90, 2)
    assert tally.engine("unknown") is None
    tally.see(status(None))
    assert (tally.rss_mb, tally.engine("warmed_tokens"), tally.warm_ups) == (410.0, None, 0)


@pytest.mark.parametrize(
    ("told", "idle"),
    [
        ({"active": 0}, True),
        ({"active": 1}, False),
        ({"active": 0, "runtime": {"active": 1, "queued": {}}}, False),
        ({"active": 0, "runtime": {"active": 0, "queued": {"inline": 0, "warm_up": 1}}}, False),
        ({"active": 0, "runtime": {"active": 0, "queued": {"inline": 0, "warm_up": 0}}}, True),
        ({"active": 0, "runtime": {"active": 0, "queued": 2}}, False),
    ],
)
def test_idle_is_when_nothing_runs_or_waits(told: dict[str, Any], idle: bool) -> None:
    assert is_idle(told) is idle


def test_equal_states_are_compared_with_their_first_meeting() -> None:
    def asked(text: str, call: Call | None, answer: str = "a") -> Asked:
        return Asked(("f.py", text, 1), text=answer, call=call)

    kept, recomputed, longer = replace(CALL, computed_tokens=1), CALL, replace(CALL, prompt_tokens=101)
    stopped = replace(CALL, reason="superseded", prompt_tokens=0)
    requests = [
        asked("x", CALL),
        asked("y", CALL),
        asked("x", kept),
        asked("x", recomputed),
        asked("x", kept, "another"),
        asked("x", longer),
        asked("x", stopped),
        asked("x", None),
    ]
    assert equality(requests) == Equality(states=4, prompts=3, kept=2, answers=2)
    assert equality([]) == Equality(0, 0, 0, 0)

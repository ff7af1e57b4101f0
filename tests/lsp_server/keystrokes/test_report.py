import json
from dataclasses import replace

import pytest

from mellum_ls.lsp_server.keystrokes.report import Circumstances, figures, table
from mellum_ls.lsp_server.keystrokes.tally import Asked, Call, Tally

CONTRACT = {
    "requests",
    "answered_from_cache",
    "model_calls",
    "prompt_tokens_mean",
    "computed_tokens_median",
    "computed_tokens_p95",
    "reuse",
    "first_token_ms",
    "total_ms",
    "cancelled",
    "errors",
    "rss_mb",
    "shown",
    "warm_ups",
    "warmed_tokens",
    "equal_states",
    "equal_prompts",
}
MACHINE = {"cpu": "Fast One", "cores": 2, "accelerator": None, "load_average": 1.25}
ABOUT = Circumstances("0.1.0", "tiny", MACHINE, 1, 2, "session", False, None, 3, 900, 0, 2.0, 10.0)
COLD = Call(1000, 1000, 4, 100.0, 150.0, "line")
WARM = Call(1000, 2, 6, 10.0, 50.0, "line")
SILENT = Call(1000, 2, 0, 0.0, 12.0, "stop")
STOPPED = Call(1000, 500, 0, 0.0, 60.0, "superseded")


def tally() -> Tally:
    state = ("a.py", "x = 1", 5)
    asked = [
        Asked(state, seconds=0.2, text="+ 1", watched=True, call=COLD),
        Asked(state, seconds=0.06, text="+ 1", watched=True, call=WARM),
        Asked(("a.py", "x", 1), seconds=0.02, text="", watched=True, call=SILENT),
        Asked(("a.py", "x ", 2), seconds=0.001, text="= 1", watched=True),
        Asked(("a.py", "x =", 3), seconds=0.5, text="", overtaken=True),
        Asked(("a.py", "x = ", 4), seconds=0.03, text="1"),
    ]
    engine = {"parameters": 7, "device": "cpu", "dtype": "float32", "warm_ups": 4, "warmed_tokens": 96}
    status = {"requests": 6, "answered": 4, "empty": 1, "superseded": 1, "runtime": {"engine": engine}}
    return Tally(asked, [COLD, WARM, SILENT, STOPPED], errors=1, rss_mb=321.5, moves=5, status=status)


def test_the_figures_by_hand() -> None:
    found = figures(tally(), ABOUT)
    assert json.loads(json.dumps(found)) == found
    assert set(found) >= CONTRACT
    assert (found["requests"], found["shown"], found["answered_from_cache"]) == (6, 4, 1)
    assert (found["model_calls"], found["cancelled"], found["errors"]) == (4, 1, 1)
    # A call that was stopped counts as one, but its tokens and times are those of half a job.
    assert found["prompt_tokens_mean"] == 1000
    assert (found["computed_tokens_median"], found["computed_tokens_p95"]) == (2, 900.2)
    # Of the four that were waited for one had its answer without the model.
    assert found["per_request"] == {
        "requests": 4, "computed_tokens_median": 2, "computed_tokens_p95": 850.3, "more_than_64": 1
    }  # fmt: skip
    assert found["reuse"] == round(1 - 1004 / 3000, 4)
    assert found["reuse_less_warm_ups"] == round(1 - 1100 / 3000, 4)
    assert found["first_token_ms"] == {"p50": 55.0, "p95": 95.5}
    assert found["total_ms"] == {"p50": 50.0, "p95": 140.0}
    assert found["answer_ms"] == {"p50": 30.0, "p95": 172.0}
    assert (found["rss_mb"], found["warm_ups"], found["warmed_tokens"], found["moves"]) == (321.5, 4, 96, 5)
    equal = [found[f"equal_{name}"] for name in ("states", "prompts", "kept", "answers")]
    assert equal == [1, 1, 0, 1]
    assert found["server"] == {"requests": 6, "answered": 4, "empty": 1, "superseded": 1}
    assert found["spread"]["computed_tokens"] == {"median": 2, "q1": 2, "q3": 501, "min": 2, "max": 1000}
    dearest = found["dearest"]
    assert [entry["request"] for entry in dearest] == [1, 2, 3]
    cost = {"computed_tokens": 1000, "prompt_tokens": 1000, "total_ms": 150.0}
    assert dearest[0] == {"request": 1, "file": "a.py", "line": 1, **cost}
    # 1,000 tokens, at most 1 of them the text "x", 4 the path and 16 marks.
    assert found["context_tokens_at_least"] == 979


def test_people_read_every_figure_with_its_spread_and_the_machine() -> None:
    text = table(figures(tally(), ABOUT))
    lines = text.splitlines()
    assert lines[0] == "mellum-ls bench keystrokes"
    assert "tiny, 7 parameters, float32 on cpu" in text
    assert "Fast One, 2 cores, threads 1 (2 for several tokens), load 1.25 before" in text
    assert "66.53% of all prompt tokens" in text
    assert "p50 55.0 ms, p95 95.5 ms" in text
    assert "more than 64 in 1 of 4 that were waited for" in text
    assert "overtaken in the flow" not in text
    assert lines[-6].split() == ["prompt", "tokens", "1000", "1000..1000", "1000..1000"]
    assert lines[-5].split() == ["computed", "tokens", "2", "2..501", "2..1000"]
    assert "overtaken in the flow" in table(figures(tally(), replace(ABOUT, overtake=True)))
    assert "as if a place" not in text
    patient = figures(tally(), replace(ABOUT, read_within=0.3))
    assert patient["read_within_seconds"] == 0.3
    assert "as if a place were read 0.3 s after" in table(patient)


@pytest.mark.parametrize("asked", [[], [Asked(("a.py", "", 0), seconds=0.1, watched=True)]])
def test_what_never_happened_is_null(asked: list[Asked]) -> None:
    found = figures(Tally(asked, status={"state": "ready"}), ABOUT)
    names = ("prompt_tokens_mean", "computed_tokens_median", "reuse", "reuse_less_warm_ups", "rss_mb", "warm_ups")
    assert {found[name] for name in names} == {None}
    assert found["first_token_ms"] == {"p50": None, "p95": None}
    assert "reuse" in table(found)

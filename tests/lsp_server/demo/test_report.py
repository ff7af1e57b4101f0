import io
import json
from typing import Any

from rich.console import Console

from mellum_ls.lsp_server.demo.report import Circumstances, Shown, Tally, figures, table

COUNTS = {"edits", "requests", "shown", "empty", "cancelled", "accepted"}
SIZES = {"typed_chars", "suggested_chars", "accepted_chars"}
TOKENS = {"prompt_tokens", "computed_tokens", "reused_tokens", "generated_tokens"}
TIMES = {"seconds", "load_seconds", "first_token_ms", "total_ms"}
FACTS = {"mellum_ls", "model", "device", "dtype", "parameters", "repository", "mode", "suggestions"}
KEYS = COUNTS | SIZES | TOKENS | TIMES | FACTS


def status(computed: int, reused: int, generated: int) -> dict[str, Any]:
    counters = {"computed_tokens": computed, "reused_tokens": reused, "generated_tokens": generated}
    return {"runtime": {"engine": {"dtype": "float32", "device": "cpu", "parameters": 7, **counters}}}


def circumstances(before: dict[str, Any], after: dict[str, Any]) -> Circumstances:
    return Circumstances("0.1.0", "some-model", "repo 1.0", "fast", 3.14159, 1.0, before, after)


TALLY = Tally(
    edits=2,
    requests=4,
    empty=1,
    cancelled=1,
    typed_chars=9,
    shown=[
        Shown("a.py", 3, "x = 1", "x = 1", "whole", "x = 1", 0.1, 0.3),
        Shown("a.py", 5, "y = 2", "y = 3", "partly", "y =", 0.2, None),
    ],
)


def test_the_figures_are_json_with_stable_keys() -> None:
    found = figures(TALLY, circumstances(status(10, 20, 3), status(110, 320, 13)))
    assert json.loads(json.dumps(found)) == found
    assert set(found) == KEYS
    assert found["accepted"] == {"whole": 1, "partly": 1, "none": 0}
    assert found["first_token_ms"] == {"p50": 150.0, "p95": 195.0}
    assert found["total_ms"] == {"p50": 300.0, "p95": 300.0}
    assert (found["suggested_chars"], found["accepted_chars"], found["typed_chars"]) == (10, 8, 9)
    assert (found["prompt_tokens"], found["computed_tokens"], found["generated_tokens"]) == (400, 100, 10)
    assert found["suggestions"][1] == {
        "file": "a.py",
        "line": 5,
        "suggestion": "y = 2",
        "truth": "y = 3",
        "accepted": "partly",
        "accepted_text": "y =",
        "first_token_ms": 200.0,
        "total_ms": None,
    }


def test_what_is_not_known_is_null_and_a_dash() -> None:
    found = figures(Tally(), circumstances({}, {"runtime": None}))
    assert found["prompt_tokens"] is None
    assert found["first_token_ms"] == {"p50": None, "p95": None}
    assert "p50 - ms" in printed(found)


def test_the_table_fits_80_columns() -> None:
    text = printed(figures(TALLY, circumstances(status(0, 0, 0), status(123456, 654321, 9999))))
    assert max(map(len, text.splitlines())) <= 80
    for part in ("some-model, float32 on cpu", "1 whole, 1 in part, 0 not", "p50 150.0 ms", "777777"):
        assert part in text


def printed(found: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(table(found))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()

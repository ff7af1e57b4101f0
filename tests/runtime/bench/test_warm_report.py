from mellum_ls.runtime.bench.warm_report import table

SPREAD = {"median": 2.0, "q1": 1.0, "q3": 3.0, "min": 0.5, "max": 4.0}
TIMES = {name: {"p50": 2.0, "p95": 3.5, "spread": SPREAD} for name in ("first_token_ms", "total_ms")}
FOUND = {
    "benchmark": "warm",
    "model": "tiny",
    "parameters": 1234,
    "dtype": "float32",
    "device": "cpu",
    "threads": 1,
    "threads_for_many": 2,
    "machine": {"cpu": "some", "cores": 2, "load_average": 0.5, "accelerator": ""},
    "context": 60,
    "tokens": 3,
    "repeats": 8,
    "computed_tokens": SPREAD,
    "subjects": {"warm": TIMES, "from scratch": TIMES},
    "against": None,
}


def test_every_figure_comes_with_its_spread() -> None:
    lines = table(FOUND).splitlines()
    assert lines[0] == "mellum-ls bench warm"
    assert any(line.endswith("2 prompt tokens a key with a warm cache, at most 4") for line in lines)
    assert any(line.startswith("warm ") and "first token ms p50 2, p95 3.5" in line for line in lines)
    assert sum("1..3" in line and "0.5..4" in line for line in lines) == 4

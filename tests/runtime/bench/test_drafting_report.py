"""The table has a row for each workload, with dashes where nothing was drafted."""

from mellum_ls.runtime.bench.drafting_report import table
from mellum_ls.runtime.bench.measure import Spread


def test_a_row_for_each_workload() -> None:
    figures = {
        "ratio_of_totals": 1.5,
        "ratio": Spread.of([1.0, 1.4, 2.0]).figures(),
        "tokens_mean": 8.0,
        "acceptance": 0.5,
        "tokens_per_step": 2.0,
        "sources": {"mtp": {"accepted": 1, "drafted": 2, "acceptance_by_place": [1.0, 0.0]}},
    }
    silent = {**figures, "acceptance": None, "tokens_per_step": None, "sources": {}}
    found = {
        "prompts": 3,
        "costs_ms": {"1": 12.5},
        "draft_ms": 2.0,
        "workloads": {"line": figures, "random": silent},
    }
    line, random = table(found).splitlines()[-2:]
    assert "1.50x" in line
    assert "1.40x" in line
    assert "mtp 1/2 (1.00 0.00)" in line
    assert random.startswith("random")
    assert " - " in random

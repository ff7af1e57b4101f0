"""The table has a row for each workload, with dashes where nothing was drafted."""

from mellum_ls.runtime.bench.drafting_report import table
from mellum_ls.runtime.bench.measure import Spread


def test_a_row_for_each_workload() -> None:
    figures = {
        "ratio_of_totals": 1.5,
        "ratio": Spread.of([1.0, 1.4, 2.0]).figures(),
        "tokens_mean": 8.0,
        "different": 0,
        "different_prompts": [],
        "ratio_of_totals_same": 1.5,
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


def test_answers_that_differ_are_told() -> None:
    figures = {
        "ratio_of_totals": 1.5,
        "ratio": Spread.of([1.0]).figures(),
        "different": 2,
        "different_prompts": [3, 17],
        "ratio_of_totals_same": 1.25,
        "tokens_mean": 8.0,
        "acceptance": None,
        "tokens_per_step": None,
        "sources": {},
    }
    found = {"prompts": 20, "costs_ms": {}, "draft_ms": 0.0, "workloads": {"line": figures}}
    assert table(found).splitlines()[-1] == (
        "2 of 20 answers of line differ (prompts 3, 17); the others are 1.25 times as fast"
    )
    found["workloads"] = {"line": {**figures, "ratio_of_totals_same": None}}
    assert table(found).endswith("no answer is the same")

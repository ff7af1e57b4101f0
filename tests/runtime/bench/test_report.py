from typing import Any

from mellum_ls.runtime.bench.report import table

SPREAD = {"median": 84.21, "q1": 80.04, "q3": 86.0, "min": 61.5, "max": 88.0}
FOUND: dict[str, Any] = {
    "benchmark": "decode",
    "model": "tiny",
    "parameters": 19346432,
    "device": "cpu",
    "dtype": "float32",
    "format": "int8",
    "threads": 1,
    "threads_for_many": 2,
    "machine": {"cpu": "Fast One", "cores": 2, "accelerator": None, "load_average": 1.25},
    "context": 512,
    "tokens": 64,
    "repeats": 7,
    "tok_s": 84.21,
    "prefill_tok_s": 1485.4,
    "bytes_per_token": 42478080,
    "read_gb_s": 3.577,
    "tokens_per_step": 1.0,
    "acceptance": None,
    "spread": {"tok_s": SPREAD, "prefill_tok_s": {**SPREAD, "median": 1485.4, "max": 1633.2}},
    "drafted": None,
    "against": None,
}
RIVAL = {
    "name": "transformers",
    "version": "5.23.0",
    "attention": "sdpa",
    "experts": "grouped_mm",
    "spread": {"tok_s": {**SPREAD, "median": 35.0}},
    "ratio": {"tok_s": {"median": 2.406, "q1": 2.3, "q3": 2.5, "min": 1.9, "max": 2.6}},
}


def test_every_figure_stands_with_its_spread_and_the_machine() -> None:
    lines = table(FOUND).splitlines()
    assert lines[0] == "mellum-ls bench decode"
    assert "tiny, 19,346,432 parameters as int8, float32 on cpu" in lines[1]
    assert "Fast One, 2 cores, threads 1 (2 for several tokens), load 1.25 before" in lines[2]
    assert "512 prompt tokens, 64 new ones, 7 repeats" in lines[3]
    assert "42,478,080 read, 3.577 GB/s" in lines[4]
    assert "1, acceptance -" in lines[5]
    assert lines[-2].split() == ["mellum-ls", "decode", "tok/s", "84.2", "80..86", "61.5..88"]
    assert lines[-1].split() == ["mellum-ls", "prefill", "tok/s", "1485", "80..86", "61.5..1633"]


def test_a_rival_has_its_rows_and_its_circumstances() -> None:
    text = table({**FOUND, "against": RIVAL})
    assert "transformers 5.23.0, attention sdpa, experts grouped_mm; same 64 tokens in every run" in text
    assert text.splitlines()[-1].split() == ["ratio", "decode", "tok/s", "2.41", "2.3..2.5", "1.9..2.6"]


def test_drafting_has_its_rows_beside_the_same_without() -> None:
    drafted = {"spread": {"tok_s": {**SPREAD, "median": 99.0}}, "ratio": RIVAL["ratio"], "different": 0}
    lines = table({**FOUND, "tokens_per_step": 1.75, "acceptance": 0.75, "drafted": drafted}).splitlines()
    assert "1.75, acceptance 0.75" in lines[5]
    assert lines[-2].split()[:5] == ["with", "drafts", "decode", "tok/s", "99"]
    assert lines[-1].split()[:6] == ["ratio", "of", "drafting", "decode", "tok/s", "2.41"]


def test_tokens_that_differ_with_drafts_are_told() -> None:
    drafted = {"spread": {"tok_s": SPREAD}, "ratio": RIVAL["ratio"], "different": 2}
    assert f"other tokens in 2 of {FOUND['repeats']} runs" in table({**FOUND, "drafted": drafted})
    assert "other tokens" not in table({**FOUND, "drafted": {**drafted, "different": 0}})


def test_an_accelerator_is_named() -> None:
    machine = {**FOUND["machine"], "accelerator": "Some GPU", "load_average": None}
    assert "load - before, Some GPU" in table({**FOUND, "machine": machine})

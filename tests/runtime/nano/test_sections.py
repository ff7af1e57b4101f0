"""Every section on a tiny corpus and a small random model, with real parts throughout."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.nano.answers import Answers
from mellum_ls.runtime.nano.holes import single_line_holes
from mellum_ls.runtime.nano.sections import SECTIONS, SEED, Bench, Sizes
from tests.fakes.checkpoints import small_config, write_checkpoint

SHAPES = "def area(width, height):\n    total = width * height\n    return total\n"
USER = "from .shapes import area\n\n\ndef room(side):\n    floor = area(side, side)\n    return floor\n"
RAW = small_config(
    max_position_embeddings=2048,
    num_nextn_predict_layers=1,
    mtp_layer_types=["sliding_attention"],
    mtp_mlp_layer_types=["sparse"],
)
SIZES = Sizes(single_line=12, multi_line=4, mid_token=4, calls=3, drafts=4, tokens=500, tuning_tokens=60)


def write_corpus(path: Path) -> Path:
    rows = [
        {"package": p, "version": "1", "path": f"{p}/{name}.py", "text": text}
        for p in ("one", "two")
        for name, text in (("shapes", SHAPES), ("user", USER), *((f"m{i}", USER * i) for i in range(2, 14)))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    model_dir = write_checkpoint(folder / "model", RAW, mtp=True)
    corpus = write_corpus(folder / "heldout.jsonl")
    return Bench(model_dir, corpus, corpus, None, SIZES, Answers(model_dir, "m", None, workers=1))


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "humaneval"])
def test_a_section_gives_plain_figures(bench: Bench, section: str) -> None:
    figures = SECTIONS[section](bench)
    assert figures == json.loads(json.dumps(figures))
    assert figures


def test_model_and_baseline_are_measured_on_the_same_tokens(bench: Bench) -> None:
    model, opponent = SECTIONS["next_token"](bench), SECTIONS["baseline"](bench)
    assert [model[key] for key in ("files", "tokens", "num_bytes")] == [
        opponent[key] for key in ("files", "tokens", "num_bytes")
    ]
    assert 0 < opponent["tuning_tokens"] < opponent["fitted_tokens"]


def test_kinds_add_up_to_all_single_line_holes(bench: Bench) -> None:
    figures = SECTIONS["single_line"](bench)
    assert figures["count"] == 12
    assert sum(figures[kind]["count"] for kind in ("line_start", "boundary", "identifier")) == 12


def test_the_stop_rule_allows_these_blocks(bench: Bench) -> None:
    assert SECTIONS["multi_line"](bench)["reachable"] == 1.0


def test_true_texts_are_hardly_ever_ended_early(bench: Bench) -> None:
    figures = SECTIONS["stop_rules"](bench)
    for kind in ("line", "block"):
        assert figures[kind]["holes"] > 0
        assert figures[kind]["loop"] == 0
    lines = single_line_holes(bench.files, bench.sizes.true_texts, SEED)
    doubled = [hole for hole in lines if hole.suffix.lstrip("\n").startswith(hole.prefix.split("\n")[-1] + hole.target)]
    assert figures["line"]["echo"] == len(doubled) / len(lines)


def test_what_is_shown_is_counted_on_the_same_holes(bench: Bench) -> None:
    figures, scores = SECTIONS["shown"](bench), SECTIONS["single_line"](bench)
    assert figures["suggestions"] == round(scores["count"] * (1 - scores["empty"]))
    assert figures["shown"] <= figures["suggestions"]
    assert figures["truths_changed"] == 0


def test_call_cases_are_paired(bench: Bench) -> None:
    figures = SECTIONS["cross_file"](bench)
    assert figures["calls"] == 3
    for side in ("arguments", "whole_call"):
        pairs = figures[side]
        assert pairs["only_with"] + pairs["only_without"] + pairs["both"] + pairs["neither"] == 3
        assert pairs["exact_with"] == pytest.approx((pairs["only_with"] + pairs["both"]) / 3)
        assert pairs["exact_without"] == pytest.approx((pairs["only_without"] + pairs["both"]) / 3)


def test_the_definition_reaches_the_prompt_of_one_side_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Prompt] = []
    ask = bench.answers.ask
    monkeypatch.setattr(bench.answers, "ask", lambda jobs: [asked.extend(j.prompt for j in jobs), ask(jobs)][1])
    SECTIONS["cross_file"](bench)
    assert [len(prompt.context) for prompt in asked] == [0, 0, 1, 1] * 3
    for index in (0, 1, 4, 5, 8, 9):
        bare, full = asked[index], asked[index + 2]
        assert full.context[0].text.startswith("def area(")
        assert (bare.prefix, bare.suffix, bare.path) == (full.prefix, full.suffix, full.path)


def test_drafts_change_nothing(bench: Bench) -> None:
    figures = SECTIONS["mtp"](bench)
    assert figures["equal_outputs"] == figures["prompts"] == 4


def test_sections_without_their_data_say_what_they_need(bench: Bench) -> None:
    bare = Bench(bench.model_dir, bench.heldout, None, None, SIZES, bench.answers)
    for section, option in (("baseline", "--train"), ("humaneval", "--humaneval")):
        with pytest.raises(SettingError, match=option):
            SECTIONS[section](bare)


def test_a_limit_bounds_every_section() -> None:
    assert Sizes().limited(None) == Sizes()
    small = asdict(Sizes().limited(10))
    assert all(value == 10 for name, value in small.items() if asdict(Sizes())[name] <= 10_000)
    assert small["tokens"] == 1000

import io
import json
from pathlib import Path

import pytest

from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.checkpoints.known import RELEASES
from mellum_ls.runtime.checkpoints.listing import facts, in_words, run
from mellum_ls.runtime.devices import choose_place
from tests.fakes.chat_templates import MELLUM_2_1
from tests.fakes.checkpoints import RELEASED_PARAMETERS, small_config, write_checkpoint

CPU = choose_place([])


def put(cache: Path, name: str, **changes: object) -> Path:
    folder = HubModel(name).folder(cache) / "snapshots" / ("c" * 40)
    return write_checkpoint(folder, small_config(**changes))


def test_nothing_is_here_but_what_comes_with_it(tmp_path: Path) -> None:
    nano, *released = facts(tmp_path, CPU, 5 * 10**9)["models"]
    assert nano["id"] == "mellum2-nano"
    assert nano["profile"]["from"] == "files"
    assert nano["profile"]["mtp"] is True
    assert nano["fits"]["format"] == "float32"
    assert [model["id"] for model in released] == [release.id for release in RELEASES]
    assert {model["parameters"] for model in released} == {RELEASED_PARAMETERS}
    assert {model["pulled"] for model in released} == {None}
    assert {model["fits"]["format"] for model in released} == {None}
    assert {model["profile"]["from"] for model in released} == {"known"}


def test_what_is_here_is_read_from_its_files_against_what_its_card_says(tmp_path: Path) -> None:
    folder = put(tmp_path, RELEASES[0].id, num_mtp_layers=1)
    (folder / "chat_template.jinja").write_text(MELLUM_2_1)
    mine = put(tmp_path, "me/tuned")
    (mine / "mellum.json").write_text('{"context_length": 77}')
    models = {model["id"]: model for model in facts(tmp_path, CPU, 10**10)["models"]}
    assert models[RELEASES[0].id]["pulled"] == str(folder)
    assert models[RELEASES[0].id]["profile"] == {
        "fim": True,
        "chat": True,
        "thinking": True,
        "mtp": True,
        "context": 512,
        "yarn": True,
        "from": "files",
    }
    assert models["me/tuned"]["profile"]["context"] == 77


def test_models_of_other_architectures_are_not_listed_and_damaged_ones_say_so(tmp_path: Path) -> None:
    put(tmp_path, "some/llama", model_type="mellum")
    other = HubModel("some/llama").folder(tmp_path) / "snapshots" / ("c" * 40) / "config.json"
    other.write_text('{"model_type": "llama"}')
    (put(tmp_path, "me/broken") / "tokenizer.json").write_text("{")
    models = {model["id"]: model for model in facts(tmp_path, CPU, 0)["models"]}
    assert "some/llama" not in models
    assert "cannot be read as a tokenizer.json" in models["me/broken"]["error"]
    assert "  cannot be used: " in in_words({"models": [models["me/broken"]]})


def test_both_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    out = io.StringIO()
    assert run({"json": True}, out) == 0
    found = json.loads(out.getvalue())
    assert found["cache"] == str(tmp_path)
    words = in_words(found)
    assert "12.15 billion parameters; bf16 24.3 GB, int8 12.4 GB, int4 7.2 GB" in words
    assert f"not here: mellum-ls models pull {RELEASES[0].id}" in words
    assert "context 8,192 tokens without YaRN (by its card" in words

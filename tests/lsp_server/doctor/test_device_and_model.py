from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.lsp_server.doctor.device_and_model import checks
from mellum_ls.lsp_server.doctor.examination import Examination, Facts, examine
from tests.fakes.checkpoints import write_checkpoint

GPU = {"name": "Fast GPU", "capability": "9.0", "free": 60e9, "total": 80e9}
DEVICES: dict[str, Any] = {"place": "cpu", "dtype": "float32", "gpus": [], "built_for": None}
ON_GPU = {"place": "cuda", "dtype": "bfloat16", "gpus": [GPU], "built_for": "13.0"}
ABILITIES: dict[str, Any] = {"fim_order": "spm", "chat": True, "stop_ids": 8}


def said(parts: dict[str, Facts], available: int | None = 10**12, end: str = "", words: str = "") -> dict[str, Check]:
    return {check.name: check for check in checks(Examination(parts, end, words), available)}


def test_a_real_folder_that_is_whole(tmp_path: Path) -> None:
    found = {check.name: check for check in checks(examine(str(write_checkpoint(tmp_path / "m"))))}
    assert {name for name, check in found.items() if check.state not in ("ok", "note")} == set()
    assert list(found) == [
        "torch", "devices", "compiled layers", "triton", "folder", "config", "tokenizer", "abilities", "weights",
        "model memory", "room",
    ]  # fmt: skip
    assert "suffix first" in found["abilities"].says
    assert "2 of 8 experts" in found["config"].says


def test_a_real_folder_that_was_cut_off(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m")
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    found = {check.name: check for check in checks(examine(str(model)))}
    assert {name for name, check in found.items() if check.state == "failure"} == {"weights"}
    assert f"{weights} is truncated" in found["weights"].says
    assert "room" not in found


def test_a_crash_of_the_child_is_a_failure_that_says_how_far_it_came() -> None:
    found = said({"torch": {"version": "2", "threads": 1}}, end="was ended by signal 4", words="bad instruction")
    assert found["torch"].state == "ok"
    assert found["examination"].state == "failure"
    assert found["examination"].says == "the process that looks was ended by signal 4 after torch: bad instruction"
    assert said({}, end="ended with code 1")["examination"].says == "the process that looks ended with code 1"


def test_a_fault_is_told_with_its_kind_and_triton_is_no_fault() -> None:
    fault = {"error": "gone", "kind": "OSError"}
    found = said({"torch": fault, "triton": fault, "folder": fault, "profile": {"needs": "config and tokenizer"}})
    assert {name: check.state for name, check in found.items()} == {
        "torch": "failure",
        "triton": "note",
        "folder": "failure",
    }
    assert found["torch"].says == "OSError: gone"
    assert "MELLUM_MODEL" in found["folder"].remedy


def test_layers_that_are_not_compiled_are_noted_with_the_reason() -> None:
    assert said({"compiled": {"obstacle": None}})["compiled layers"].state == "ok"
    found = said({"compiled": {"obstacle": "they need AVX2, and this processor has DEFAULT"}})["compiled layers"]
    assert found.state == "note"
    assert found.says.endswith("but they need AVX2, and this processor has DEFAULT")


def test_gpus_are_named_and_one_that_torch_does_not_see_is_noted() -> None:
    found = said({"devices": ON_GPU})["devices"]
    assert "on the GPU in bfloat16" in found.says
    assert found.listed == ("Fast GPU, capability 9.0, 60.0 GB of 80.0 GB free",)
    assert said({"devices": DEVICES})["devices"].state == "ok"
    unseen = said({"devices": {**DEVICES, "built_for": "13.0"}})["devices"]
    assert unseen.state == "note"
    assert "driver" in unseen.remedy


@pytest.mark.parametrize(
    ("devices", "weights", "available", "state"),
    [
        (DEVICES, 5e9, 6e9, "ok"),
        (DEVICES, 5e9, 5.1e9, "warning"),  # torch itself takes some
        (ON_GPU, 50e9, 1e9, "ok"),  # what counts is the GPU's memory
        (ON_GPU, 61e9, 1e12, "warning"),
    ],
)
def test_weights_are_compared_with_the_memory_that_they_would_be_in(
    devices: Facts, weights: float, available: int, state: str
) -> None:
    memory = {"weights": weights, "cache": 1e9, "positions": 4096}
    room = said({"devices": devices, "memory": memory}, available)["room"]
    assert room.state == state
    assert bool(room.remedy) == (state == "warning")


def test_a_checkpoint_that_cannot_fill_in_the_middle_is_a_failure() -> None:
    assert said({"profile": ABILITIES})["abilities"].state == "ok"
    assert said({"profile": {**ABILITIES, "fim_order": None}})["abilities"].state == "failure"


def test_a_tokenizer_that_makes_every_key_slow_is_a_warning() -> None:
    assert said({"tokenizer": {"ids": 9, "obstacle": None}})["tokenizer"].state == "ok"
    slow = said({"tokenizer": {"ids": 9, "obstacle": "it normalises"}})["tokenizer"]
    assert slow.state == "warning"
    assert "it normalises" in slow.says


def test_a_dense_model_and_weights_without_a_config() -> None:
    config = {"layers": 2, "experts": 0, "experts_used": 0, "positions": 128}
    found = said({"config": config, "weights": {"tensors": 3, "stored_as": ["BF16", "F32"]}})
    assert "no experts" in found["config"].says
    assert found["weights"].says == "3 tensors in whole files, stored as BF16, F32"

import io
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch

from mellum_ls.runtime import devices, examine
from mellum_ls.runtime.engine import Engine, count_parameters
from mellum_ls.runtime.examine import PARTS, main
from tests.fakes.checkpoints import small_config, tokenizer_json, write_checkpoint
from tests.fakes.gguf_models import write_gguf


def examined(model: Path | None = None) -> dict[str, dict[str, Any]]:
    out = io.StringIO()
    assert main([f"--model={model}"] if model else [], out) == 0
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["part"] for line in lines] == list(PARTS)
    return {line.pop("part"): line for line in lines}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MELLUM_MODEL", "MELLUM_CACHE_MB", "MELLUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


def test_a_model_is_described_as_the_engine_that_loads_it(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m", mtp=True, raw=small_config(num_mtp_layers=1))
    found, loaded = examined(model), Engine.load(model)
    assert found["torch"]["version"] == torch.__version__
    assert found["devices"]["place"] == loaded.model.device.type
    assert found["devices"]["dtype"] == "float32"
    assert found["folder"] == {
        "directory": str(model),
        "bytes": sum(path.stat().st_size for path in model.iterdir()),
        "embedded": False,
    }
    assert found["config"] == {"layers": 4, "experts": 8, "experts_used": 2, "positions": 512}
    assert found["tokenizer"]["ids"] == 400
    assert found["profile"] == {"fim_order": "spm", "chat": True, "stop_ids": len(loaded.profile.stop_ids)}
    assert found["weights"]["parameters"] == count_parameters(loaded.model.weights)
    assert found["weights"]["mtp"] is True
    assert found["memory"]["weights"] == 4 * count_parameters(loaded.model.weights)
    assert found["memory"]["positions"] == loaded.max_positions
    assert found["memory"]["cache"] == loaded.cache_bytes


def test_a_gguf_file_is_described_as_the_engine_that_loads_it(tmp_path: Path) -> None:
    model = write_gguf(write_checkpoint(tmp_path / "m", raw=small_config(hidden_size=64)), tmp_path / "m.gguf", "Q8_0")
    found, loaded = examined(model), Engine.load(model)
    assert found["folder"] == {"directory": str(model), "bytes": model.stat().st_size, "embedded": False}
    assert found["config"] == {"layers": 4, "experts": 8, "experts_used": 2, "positions": 512}
    assert found["tokenizer"]["ids"] == 400
    assert found["profile"] == {"fim_order": "spm", "chat": True, "stop_ids": len(loaded.profile.stop_ids)}
    assert found["weights"]["parameters"] == count_parameters(loaded.model.weights)
    assert found["weights"]["stored_as"] == ["F16", "F32", "Q8_0"]
    assert loaded.status()["model_dir"] == str(model)


def test_the_embedded_model_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-P", "-m", "mellum_ls.runtime.examine"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {line["part"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert found["torch"]["version"].startswith(version("torch").split("+")[0])
    assert found["folder"]["embedded"] is True
    assert not [part for part, facts in found.items() if "error" in facts and part != "triton"]


def test_a_truncated_file_is_named_whatever_else_is_wrong(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m", shards=2)
    broken = model / "model-00002-of-00002.safetensors"
    broken.write_bytes(broken.read_bytes()[:-1])
    (model / "config.json").write_text("{}")
    (model / "tokenizer.json").unlink()
    found = examined(model)
    assert found["weights"]["kind"] == "CheckpointError"
    assert f"{broken} is truncated" in found["weights"]["error"]
    assert found["config"]["kind"] == "ConfigError"
    assert found["tokenizer"]["kind"] == "ModelNotFound"
    assert found["profile"] == {"needs": "config and tokenizer"}
    assert found["memory"] == {"needs": "config and weights"}


def test_whole_weights_of_a_broken_config_are_still_counted(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m")
    (model / "config.json").write_text("not json")
    assert examined(model)["weights"]["stored_as"] == ["F32"]


def test_weights_of_another_config_are_a_fault(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m")
    (model / "config.json").write_text(json.dumps(small_config(hidden_size=64)))
    assert "do not fit config.json" in examined(model)["weights"]["error"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = examined(tmp_path / "nowhere")
    assert {found[part]["kind"] for part in ("folder", "config", "tokenizer", "weights")} == {"ModelNotFound"}


def test_more_ids_than_weights(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m", raw=small_config(vocab_size=399))
    assert "has 400 ids, the weights 399" in examined(model)["tokenizer"]["error"]


def test_a_tokenizer_without_sentinels_cannot_fill_in_the_middle(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "m")
    (model / "tokenizer.json").write_text(
        tokenizer_json().replace("<fim_middle>", "<other>").replace("<|im_end", "<|x")
    )
    profile = examined(model)["profile"]
    assert profile["fim_order"] is None
    assert profile["chat"] is False


def test_a_cache_too_small_for_a_prompt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_CACHE_MB", "1")
    model = write_checkpoint(tmp_path / "m", raw=small_config(max_position_embeddings=4096, head_dim=256))
    assert "MELLUM_CACHE_MB leaves room for" in examined(model)["memory"]["error"]


def test_gpus_are_listed_with_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch's own record of a device, as it has it for a real one."""
    record = type("Properties", (), {"name": "Fast GPU", "major": 9, "minor": 0})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: record)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (60, 80))
    facts = PARTS["devices"](examine.Examination(examine.examine_environment({})[0], None))
    assert facts["gpus"] == [{"name": "Fast GPU", "capability": "9.0", "free": 60, "total": 80}]
    assert (facts["place"], facts["dtype"]) == ("cuda", "bfloat16")


def test_whatever_breaks_is_a_fact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(device: str | None = None) -> None:
        raise RuntimeError("no driver")

    monkeypatch.setattr(devices, "default_place", broken)
    found = examined(write_checkpoint(tmp_path / "m"))
    assert found["devices"] == {"error": "no driver", "kind": "RuntimeError"}
    assert found["weights"]["tensors"] > 0

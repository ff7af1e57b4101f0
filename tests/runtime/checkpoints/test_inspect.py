import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mellum_ls.runtime.checkpoints.inspect import Inspection, inspect_file, run
from mellum_ls.runtime.devices import choose_place
from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from mellum_ls.runtime.model_files import model_files
from tests.fakes.chat_templates import MELLUM_2_1
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.gguf_models import write_gguf

CPU = choose_place([])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = write_checkpoint(
        tmp_path / "model", small_config(num_mtp_layers=1), mtp=True, shards=2, dtype=torch.bfloat16
    )
    (folder / "chat_template.jinja").write_text(MELLUM_2_1)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 131072}')
    (folder / "mellum.json").write_text('{"fim_order": "psm", "context_length": 300, "top_k": 9}')
    return folder


def inspected(folder: Path) -> dict[str, Any]:
    return json.loads(json.dumps(Inspection(model_files(folder), None, CPU, 10**10).facts()))


def test_everything_about_a_sound_model(model: Path) -> None:
    found = inspected(model)
    assert not any("error" in part for part in found.values() if isinstance(part, dict))
    assert found["config"]["full_attention_layers"] == 1
    assert found["config"]["yarn_factor"] == 4
    tensors = found["tensors"]
    assert (tensors["files"], tensors["mtp"]) == (2, True)
    assert tensors["kinds"]["experts"]["dtypes"] == {"BF16": 4 * 8 * 3}
    assert tensors["total"]["bytes"] == 2 * tensors["total"]["parameters"]
    assert found["tokenizer"]["special_ids"]["<fim_middle>"] == 9
    assert found["template"] == {
        "present": True,
        "from": "chat_template.jinja",
        "thinking": True,
        "thinking_switch": True,
    }
    profile = found["profile"]
    assert profile["fim_order"] == {"value": "psm", "from": "mellum.json"}
    assert profile["context"] == {"value": 300, "from": "config.json, mellum.json"}
    assert profile["stop_ids"]["from"] == "config.json, generation_config.json, tokenizer.json"
    assert profile["mtp"] == {"value": True, "from": "config.json"}
    assert profile["top_k"] == {"value": 9, "from": "mellum.json"}
    assert profile["model_max_length"] == {"value": 131072, "from": "tokenizer_config.json"}
    assert found["formats"]["fits"]["format"] == "float32"


def test_a_damaged_part_hides_no_other(model: Path) -> None:
    (model / "model-00002-of-00002.safetensors").unlink()
    (model / "tokenizer.json").write_text("")
    found = inspected(model)
    assert "lacks 1 of 2 weight files" in found["tensors"]["error"]
    assert "cannot be read as a tokenizer.json" in found["tokenizer"]["error"]
    assert found["profile"] == found["template"] == {"needs": "config and tokenizer"}
    assert found["config"]["layers"] == 4
    (model / "config.json").write_text("{}")
    found = inspected(model)
    assert "model_type is None" in found["config"]["error"]
    assert found["formats"] == {"needs": "config"}


def test_weights_of_another_config_are_counted_all_the_same(model: Path) -> None:
    raw = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**raw, "hidden_size": 64}))
    tensors = inspected(model)["tensors"]
    assert "do not fit config.json" in tensors["error"]
    assert tensors["total"]["tensors"] > 100


def test_a_gguf_file_is_a_model_like_any_other(model: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    file = write_gguf(model, tmp_path / "other" / "small.gguf", "BF16")
    found = inspected(file)
    assert not any("error" in part for part in found.values() if isinstance(part, dict))
    assert "BF16" in found["tensors"]["total"]["dtypes"]
    assert found["profile"]["context"] == {"value": 512, "from": "small.gguf"}
    assert found["profile"]["stop_ids"]["from"] == "small.gguf"
    out = io.StringIO()
    assert run({"model": str(file)}, out) == 0
    assert "BF16" in out.getvalue()


def test_one_file(model: Path) -> None:
    file = model / "model-00001-of-00002.safetensors"
    found = inspect_file(file)
    assert found["file"] == str(file)
    assert found["tensors"]["total"]["tensors"] > 0
    with pytest.raises(ModelNotFound, match=r"config\.json is no \.safetensors and no GGUF file"):
        inspect_file(model / "config.json")
    file.write_bytes(b"")
    with pytest.raises(CheckpointError, match="it is empty"):
        inspect_file(file)


def test_the_exit_code_says_whether_all_is_sound(model: Path) -> None:
    out = io.StringIO()
    assert run({"model": str(model), "json": True}, out) == 0
    assert json.loads(out.getvalue())["folder"] == str(model)
    (model / "tokenizer.json").write_text("{")
    assert run({"model": str(model)}, out) == 1
    assert "  wrong: " in out.getvalue()
    assert run({"model": str(model / "model-00001-of-00002.safetensors")}, out) == 0
    with pytest.raises(ModelNotFound, match="models pull me/missing"):
        run({"model": "me/missing"}, out)

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench import quality
from mellum_ls.runtime.bench.__main__ import main
from mellum_ls.runtime.config import ModelConfig
from tests.fakes.checkpoints import small_config, write_checkpoint


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def one_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality.measure, "__defaults__", ({"int8": quality.FORMATS["int8"]}, lambda name: None))


def test_a_folder_and_texts_give_a_table_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_checkpoint(tmp_path / "tiny")
    texts = tmp_path / "texts.jsonl"
    texts.write_text(json.dumps({"text": "def add(left, right):\n" * 60}))
    file = tmp_path / "out.json"
    given = [f"--model={model}", f"--texts={texts}", "--files=2", "--tokens=16", f"--json={file}"]
    assert main(["quality", *given]) == 0
    assert json.loads(file.read_text())["tokens"] == 16
    assert "| int8 |" in capsys.readouterr().out


def test_without_a_checkpoint_a_random_model_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quality, "middle_config", lambda: ModelConfig.from_dict(small_config()))
    assert main(["quality", "--random", "--files=2", "--tokens=8"]) == 0
    assert "random: 2 texts of 16 tokens" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_checkpoint(tmp_path / "tiny")
    assert main(["quality", f"--model={model}", f"--texts={tmp_path / 'gone'}"]) == 1
    assert "gone" in capsys.readouterr().err

"""The training loop: it learns, resumes exactly and refuses another run's folder."""

import json
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.nano.train import Run, Trainer, main, train
from mellum_ls.runtime.nano.train_tokenizer import train as train_tokenizer

LINES = [
    f"def double_{i}(value):\n    return value * 2\n\n\ndef main_{i}():\n    print(double_{i}({i}))\n"
    for i in range(40)
]
RUN = Run(steps=8, batch=2, length=96, layers=4, hidden=64)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rows = [{"package": "p", "version": "1", "path": f"p/{i}.py", "text": text * 3} for i, text in enumerate(LINES)]
    for split in ("train", "heldout"):
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    train_tokenizer(iter(LINES * 3), 384).save(str(folder / "tokenizer.json"))
    return folder


def run(data: Path, folder: Path, seconds: float = 1e9) -> Trainer:
    trainer = Trainer(RUN, folder, data / "tokenizer.json", torch.device("cpu"))
    train(trainer, data, workers=0, seconds=seconds, every=4)
    return trainer


def test_a_resumed_run_ends_where_an_unbroken_one_does(data: Path, tmp_path: Path) -> None:
    whole = run(data, tmp_path / "whole")
    broken = run(data, tmp_path / "broken", seconds=0.0)
    assert 0 < broken.step < RUN.steps
    while broken.step < RUN.steps:
        broken = run(data, tmp_path / "broken", seconds=0.0)
    for (name, one), two in zip(whole.network.named_parameters(), broken.network.parameters(), strict=True):
        torch.testing.assert_close(one, two, msg=name)
    rows = [json.loads(line) for line in (tmp_path / "whole/log.jsonl").read_text().splitlines()]
    heldout = [row["heldout_main"] for row in rows if "heldout_main" in row]
    assert heldout[-1] < heldout[0]
    assert "heldout_mtp2" in rows[-1]


def test_another_runs_folder_is_refused(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, seconds=0.0)
    with pytest.raises(SystemExit, match="another run"):
        Trainer(
            Run(steps=9, batch=2, length=96, layers=4, hidden=64),
            tmp_path,
            data / "tokenizer.json",
            torch.device("cpu"),
        )


def test_the_command_line_exports_what_the_engine_loads(data: Path, tmp_path: Path) -> None:
    sizes = ["--steps", "2", "--batch", "1", "--length", "64", "--layers", "4", "--hidden", "64", "--every", "1"]
    main(
        [
            "--corpus",
            str(data),
            "--tokenizer",
            str(data / "tokenizer.json"),
            "--folder",
            str(tmp_path),
            *sizes,
        ]
    )
    engine = Engine.load(tmp_path / "checkpoint")
    assert len(engine.generate_ids(engine.tokenizer.encode("def double"), 4)) <= 4

"""From wheels to a loadable checkpoint with one command, and nothing done twice."""

from pathlib import Path

import pytest

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.nano.corpus import lock
from mellum_ls.runtime.nano.reproduce import main
from tests.runtime.nano.test_corpus import CODE, make_wheel

SIZES = [
    "--steps",
    "2",
    "--batch",
    "1",
    "--length",
    "64",
    "--layers",
    "4",
    "--hidden",
    "64",
    "--every",
    "1",
    "--vocab-size",
    "384",
]


def test_one_command_makes_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheels = tmp_path / "work/wheels"
    wheels.mkdir(parents=True)
    make_wheel(wheels, "alpha", "MIT", {f"alpha/{i}.py": CODE.replace("task", f"name{i}_") for i in range(4)})
    make_wheel(wheels, "gamma", "MIT", {"gamma/core.py": CODE.replace("total", "amount")})
    listing = tmp_path / "packages.toml"
    listing.write_text(lock(wheels, {"gamma"}))
    arguments = ["--work", str(tmp_path / "work"), "--packages", str(listing), *SIZES]
    main(arguments)
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    weights = (folder / "model.safetensors").read_bytes()
    assert Engine.load(folder).mtp is not None
    made = (tmp_path / "work/corpus/train.jsonl").stat().st_mtime_ns
    main(arguments)
    assert (folder / "model.safetensors").read_bytes() == weights
    assert (tmp_path / "work/corpus/train.jsonl").stat().st_mtime_ns == made

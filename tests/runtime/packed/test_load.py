import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mellum_ls.runtime.assemble import served
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, load_packed
from mellum_ls.runtime.packed import load, store
from mellum_ls.runtime.packed.load import Source, load_kept
from mellum_ls.runtime.packed.naming import named
from mellum_ls.runtime.packed.store import place_for
from mellum_ls.runtime.weights import ModelWeights
from tests.fakes.checkpoints import random_tensors, small_config, write_checkpoint, write_weights

RAW = small_config(
    hidden_size=64,
    mlp_layer_types=["sparse", "dense", "sparse", "sparse"],
    num_nextn_predict_layers=1,
    mtp_layer_types=["sliding_attention"],
    mtp_mlp_layer_types=["sparse"],
)
CONFIG = ModelConfig.from_dict(RAW)
PLACE = (torch.device("cpu"), torch.float32)
KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.packed.load import Source, load_kept
parts = 0
def progress(done, total):
    global parts
    parts += 1
    if parts == 3:
        os.kill(os.getpid(), signal.SIGKILL)
model, cache = map(Path, sys.argv[1:])
source = Source(Checkpoint.open(model), ModelConfig.from_file(model / "config.json"), WEIGHT_FORMATS["int4"])
load_kept(source, torch.device("cpu"), torch.float32, cache, progress=progress)
"""


def source(model: Path, name: FormatName = "int4") -> Source:
    return Source(Checkpoint.open(model), CONFIG, WEIGHT_FORMATS[name])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "model", RAW, mtp=True, shards=2, dtype=torch.bfloat16)


@pytest.fixture
def never_packed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, packing anything fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("weights were packed")

    def arm() -> None:
        monkeypatch.setattr(load, "read_packed", refuse)
        monkeypatch.setattr(load, "load_packed", refuse)

    return arm


def assert_same(left: ModelWeights, right: ModelWeights) -> None:
    for (name, one), (other_name, other) in zip(named(left), named(right), strict=True):
        assert (name, one.dtype, one.shape) == (other_name, other.dtype, other.shape)
        assert torch.equal(one.contiguous().view(torch.uint8), other.contiguous().view(torch.uint8)), name


@pytest.mark.parametrize("name", ["bf16", "int8", "int4"])
def test_what_comes_from_the_file_is_bytewise_what_packing_gives(
    model: Path, tmp_path: Path, never_packed: Callable[[], None], name: FormatName
) -> None:
    some = source(model, name)
    direct = load_packed(some.checkpoint, CONFIG, *PLACE, some.format)
    first = load_kept(some, *PLACE, tmp_path / "cache")
    never_packed()
    kept = load_kept(some, *PLACE, tmp_path / "cache")
    assert_same(first, direct)
    assert_same(kept, direct)
    assert kept.norm.dtype == torch.float32
    assert kept.embedding.dtype == torch.bfloat16
    ids = torch.arange(9)
    logits = [m.logits(m.forward(ids, m.new_cache())) for m in (served(CONFIG, direct), served(CONFIG, kept))]
    torch.testing.assert_close(*logits, rtol=1e-5, atol=1e-5)  # a head by columns is added up in another order
    assert os.listdir(place_for(tmp_path / "cache", model, name).parent).count(f"{name}.partial") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_in_the_middle_leaves_what_is_gone_on_with(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    child = subprocess.run([sys.executable, "-P", "-c", KILLED, str(model), str(cache)], check=False)
    assert child.returncode == -signal.SIGKILL
    place = place_for(cache, model, "int4")
    assert not place.exists()
    assert place.with_suffix(".partial").exists()
    begun: list[int] = []
    whole = load.read_packed

    def watched(*arguments: object) -> object:
        begun.append(int(str(arguments[-1])))
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "read_packed", watched)
    with caplog.at_level(logging.INFO):
        resumed = load_kept(source(model), *PLACE, cache)
    assert begun == [3]
    assert "going on after 3 of 5 parts" in caplog.text
    some = source(model)
    assert_same(resumed, load_packed(some.checkpoint, CONFIG, *PLACE, some.format))


def test_a_damaged_file_is_made_anew_and_the_log_says_why(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = load_kept(source(model), *PLACE, tmp_path)
    place = place_for(tmp_path, model, "int4")
    content = bytearray(place.read_bytes())
    content[-100] ^= 1
    place.unlink()  # the pages of the first load stay as they are
    place.write_bytes(content)
    assert_same(load_kept(source(model), *PLACE, tmp_path), first)
    assert "packing the weights anew" in caplog.text
    assert "are not what was written" in caplog.text
    assert place.read_bytes() != content


def test_weights_that_have_changed_are_packed_anew(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load_kept(source(model), *PLACE, tmp_path)
    tensors = {name: t.bfloat16() for name, t in random_tensors(CONFIG, mtp=True, seed=7).items()}
    write_weights(model, tensors, shards=2)
    some = source(model)
    assert_same(load_kept(some, *PLACE, tmp_path), load_packed(some.checkpoint, CONFIG, *PLACE, some.format))
    assert "its source is" in caplog.text
    assert [file.name for file in place_for(tmp_path, model, "int4").parent.glob("*.safetensors")] == [
        "int4.safetensors"
    ]


def test_without_room_the_weights_are_packed_in_memory_and_the_log_says_why(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    some = source(model)
    assert_same(load_kept(some, *PLACE, tmp_path), load_packed(some.checkpoint, CONFIG, *PLACE, some.format))
    assert "packed weights are not kept" in caplog.text
    assert "0.0 GB are free" in caplog.text
    assert not place_for(tmp_path, model, "int4").exists()


def test_a_format_that_is_not_to_be_kept_makes_no_file(model: Path, tmp_path: Path) -> None:
    load_kept(source(model, "bf16"), *PLACE, tmp_path, make=False)
    assert not list(tmp_path.glob("packed/**/*.safetensors"))


def test_progress_is_told_while_packing_and_while_reading(model: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    load_kept(source(model), *PLACE, tmp_path, progress=lambda done, total: seen.append((done, total)))
    total = seen[0][1]
    assert [done for done, _ in seen].count(total) == 2
    assert {most for _, most in seen} == {total}

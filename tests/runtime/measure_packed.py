"""What packing a checkpoint of the released shape takes, in memory and time, and what loading the packed file takes.

    python -m tests.runtime.measure_packed [--layers 28] [--written 4] [--format int4] [--folder DIR] [--tokens 4]

Writes `--written` layers of random bfloat16 numbers as shards in the released naming, which are read as often as the
layers ask for. Each step is a process of its own, whose peak of resident memory counts. The cache of the disk is
emptied of the packed file before it is read cold; the disk's speed is that of reading the same file with as many
threads, nothing checked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from mellum_ls.runtime.checkpoint import INDEX_FILE, Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS, named_format
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.packed.file import CHUNK_BYTES, READERS
from mellum_ls.runtime.packed.load import Source, load_kept
from mellum_ls.runtime.packed.store import place_for
from mellum_ls.runtime.synthetic import released_config
from mellum_ls.runtime.weights import expected_tensors

GB = 1e9


@dataclass(frozen=True, slots=True)
class Repeated(Checkpoint):
    """A checkpoint of more layers than are written: layer n is read where layer n modulo `written` lies."""

    written: int = 1

    @classmethod
    def of(cls, folder: Path, config: ModelConfig, written: int) -> Repeated:
        found = Checkpoint.open(folder).tensors
        names = {name: _written_name(name, written) for name in expected_tensors(config)}
        return cls(folder, {name: found[real] for name, real in names.items()}, written)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, Tensor]]:
        by_real: dict[str, str] = {}
        for name in names:
            by_real[_written_name(name, self.written)] = name
        for real, tensor in Checkpoint(self.directory, Checkpoint.open(self.directory).tensors).read(by_real):
            yield by_real[real], tensor


def _written_name(name: str, written: int) -> str:
    head = "model.layers."
    if not name.startswith(head):
        return name
    number, _, rest = name.removeprefix(head).partition(".")
    return f"{head}{int(number) % written}.{rest}"


def write_shards(folder: Path, written: int) -> int:
    """One shard for all but the layers, and one for each layer; bytes."""
    config, weight_map, total = released_config(written), dict[str, str](), 0
    shards: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in expected_tensors(config).items():
        number = name.split(".")[2] if name.startswith("model.layers.") else "rest"
        shards.setdefault(f"model-{number}.safetensors", {})[name] = shape
    for file, shapes in shards.items():
        generator = torch.Generator().manual_seed(len(weight_map))
        tensors = {
            name: torch.empty(shape, dtype=torch.bfloat16).normal_(0, 0.02, generator=generator)
            if len(shape) > 1
            else torch.ones(shape, dtype=torch.bfloat16)
            for name, shape in shapes.items()
        }
        save_file(tensors, folder / file, metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(tensors, file))
        total += sum(tensor.nbytes for tensor in tensors.values())
    (folder / INDEX_FILE).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}), encoding="utf-8")
    return total


def step(given: argparse.Namespace) -> dict[str, Any]:
    """Packing or loading in this process, then some tokens; its figures."""
    torch.set_num_threads(given.threads)
    config = released_config(given.layers)
    source = Source(Repeated.of(given.folder, config, given.written), config, WEIGHT_FORMATS[given.format])
    before = _status_gb("VmHWM")
    started = time.perf_counter()
    weights = load_kept(source, torch.device("cpu"), torch.float32, given.folder / "cache")
    found: dict[str, Any] = {
        "seconds": time.perf_counter() - started,
        "peak_gb": _status_gb("VmHWM"),
        "peak_before_gb": before,
        "anonymous_gb": _status_gb("RssAnon"),
    }
    if given.step == "load":
        model = Model(config, weights)
        cache, times, ids = model.new_cache(), [], torch.tensor([100, 200, 300])
        for _ in range(given.tokens):
            started = time.perf_counter()
            logits = model.logits(model.forward(ids, cache)[-1:])
            times.append(time.perf_counter() - started)
            assert bool(logits.isfinite().all())
            ids = logits.argmax(dim=-1)
        found |= {
            "token_seconds": times,
            "peak_after_gb": _status_gb("VmHWM"),
            "anonymous_after_gb": _status_gb("RssAnon"),
        }
    return found


def _status_gb(key: str) -> float:
    """A line of proc_pid_status(5) in 10**9 bytes; VmHWM is the peak, which getrusage would inherit from the parent."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / GB for line in lines if line.startswith(key))


def drop(path: Path) -> None:
    """Have the system forget what it holds of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_speed(path: Path) -> float:
    """GB a second of reading the whole file with as many threads as the loader has."""
    size = path.stat().st_size
    share = -(-size // READERS)

    def read(start: int) -> None:
        room = memoryview(bytearray(CHUNK_BYTES))
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            while file.tell() < min(start + share, size) and file.readinto(room):
                pass

    started = time.perf_counter()
    with ThreadPoolExecutor(READERS) as readers:
        list(readers.map(read, range(0, size, share)))
    return size / GB / (time.perf_counter() - started)


def main() -> int:
    """Write, pack, read, load; print the figures as JSON lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--written", type=int, default=4)
    parser.add_argument("--format", type=named_format, default="int4")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--tokens", type=int, default=4)
    parser.add_argument(
        "--threads", type=int, default=1, help="that compute; more wait for each other on a busy machine"
    )
    parser.add_argument("--step", choices=("pack", "load"))
    given = parser.parse_args()
    if given.step:
        sys.stdout.write(json.dumps(step(given)) + "\n")
        return 0
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        started = time.perf_counter()
        written = write_shards(folder, given.written)
        _tell("written", {"gb": written / GB, "seconds": time.perf_counter() - started})
        _tell("pack", _child(given, folder, "pack"))
        file = place_for(folder / "cache", folder, given.format)
        _tell("file", {"gb": file.stat().st_size / GB})
        for run in range(2):
            drop(file)
            _tell(f"disk, cold {run}", {"gb_s": read_speed(file)})
            drop(file)
            _tell(f"load, cold {run}", _child(given, folder, "load"))
        _tell("disk, warm", {"gb_s": read_speed(file)})
        _tell("load, warm", _child(given, folder, "load"))
    finally:
        shutil.rmtree(folder)
    return 0


def _child(given: argparse.Namespace, folder: Path, name: str) -> dict[str, Any]:
    options = {"layers": given.layers, "written": given.written, "format": given.format, "tokens": given.tokens}
    options["threads"] = given.threads
    command = [sys.executable, "-m", "tests.runtime.measure_packed", "--folder", str(folder), "--step", name]
    command += [part for key, value in options.items() for part in (f"--{key}", str(value))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def _tell(what: str, figures: dict[str, Any]) -> None:
    def short(value: Any) -> Any:
        return [short(one) for one in value] if isinstance(value, list) else round(value, 3)

    sys.stdout.write(json.dumps({"what": what, **{name: short(value) for name, value in figures.items()}}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""How well a GGUF file is read: our logits from it beside those of the safetensors model, and beside llama.cpp's own.

    python -m tests.runtime.measure_gguf QUANTIZE LOGITS [--texts N] [--out FILE]

QUANTIZE is llama.cpp's llama-quantize; LOGITS a program that is built from tests/runtime/llama_logits.cpp against the
same llama.cpp. Models: mellum2-nano, and a random one whose rows are whole superblocks of 256. Each is written as BF16
and Q8_0, quantised to Q4_K_M and MXFP4_MOE by the tool, read by both engines in float32, and compared over the same
positions.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy
import torch
from torch import Tensor

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.gguf_files.files import GgufFiles
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.gguf_models import write_gguf

ROOT = Path(__file__).parents[2]
POSITIONS = 640
"""Of each text: beyond nano's sliding window of 512."""


@dataclass(frozen=True)
class Row:
    """How two engines, or two formats, agree over the positions of all texts."""

    model: str
    format: str
    types: dict[str, int]
    beside: str
    positions: int
    top1: float
    kl_mean: float
    kl_most: float
    error_most: float
    """Of a logit."""

    def line(self) -> str:
        types = " ".join(f"{name} {count}" for name, count in self.types.items())
        return (
            f"{self.model:8} {self.format:10} {self.beside:12} top-1 {100 * self.top1:6.2f} %  KL {self.kl_mean:.2e}"
            f" (most {self.kl_most:.2e})  most error {self.error_most:.3f}  {self.positions} positions  [{types}]"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write lines and, with --out, JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("quantize", type=Path)
    parser.add_argument("logits", type=Path)
    parser.add_argument("--texts", type=int, default=2)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for model, directory in models(Path(folder)).items():
            for row in measured(given, model, directory, Path(folder)):
                print(row.line(), flush=True)
                rows.append(row)
    if given.out:
        given.out.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
    return 0


def models(folder: Path) -> dict[str, Path]:
    """The embedded model, and a random one with the shapes that Q4_K wants."""
    raw = small_config(
        hidden_size=256, moe_intermediate_size=256, head_dim=64, sliding_window=128, max_position_embeddings=4096
    )
    return {"nano": model_directory(None), "random": write_checkpoint(folder / "random", raw, dtype=torch.bfloat16)}


def measured(given: argparse.Namespace, model: str, directory: Path, folder: Path) -> list[Row]:
    """All formats of one model."""
    exact = Engine.load(directory, dtype=torch.float32, device="cpu")
    ids = texts(exact, given.texts)
    wanted = [logits_of(exact, each) for each in ids]
    plain = write_gguf(directory, folder / f"{model}-BF16.gguf", "BF16")
    rows = []
    for format in ("BF16", "Q8_0", "Q4_K_M", "MXFP4_MOE"):
        file = folder / f"{model}-{format}.gguf"
        if format == "Q8_0":
            write_gguf(directory, file, format)
        elif format != "BF16":
            subprocess.run([given.quantize, plain, file, format, "1"], check=True, capture_output=True)
        engine = Engine.load(file, dtype=torch.float32, device="cpu")
        types = GgufFiles(file).checkpoint().stored_types
        ours = [logits_of(engine, each) for each in ids]
        theirs = [llama_cpp(given.logits, file, each, folder) for each in ids]
        for beside, other in (("safetensors", wanted), ("llama.cpp", theirs)):
            rows.append(compared(model, format, types, beside, ours, other))
    return rows


def texts(engine: Engine, count: int) -> list[list[int]]:
    """Ids of our own sources, in POSITIONS each."""
    paths = sorted((ROOT / "runtime").glob("*.py"))
    ids = [engine.tokenizer.encode(path.read_text(encoding="utf-8")) for path in paths]
    return [each[:POSITIONS] for each in ids if len(each) >= POSITIONS][:count]


def logits_of(engine: Engine, ids: list[int]) -> Tensor:
    """Float32 [positions, vocabulary]."""
    model = engine.model
    with torch.inference_mode():
        return model.logits(model.forward(torch.tensor(ids), model.new_cache()))


def llama_cpp(program: Path, file: Path, ids: list[int], folder: Path) -> Tensor:
    """The same of llama.cpp: float32, keys and values in float32, no flash attention."""
    out = folder / "logits"
    subprocess.run([program, file, out], input=" ".join(map(str, ids)), text=True, check=True)
    return torch.from_numpy(numpy.fromfile(out, dtype=numpy.float32)).view(len(ids), -1)


def compared(
    model: str, format: str, types: dict[str, int], beside: str, ours: list[Tensor], other: list[Tensor]
) -> Row:
    """KL from the other to ours, in nats."""
    found, wanted = torch.cat(ours), torch.cat(other)
    log_found, log_wanted = found.log_softmax(-1), wanted.log_softmax(-1)
    kl = (log_wanted.exp() * (log_wanted - log_found)).sum(-1)
    top1 = (found.argmax(-1) == wanted.argmax(-1)).float().mean().item()
    error = (found - wanted).abs().max().item()
    return Row(model, format, types, beside, len(found), top1, kl.mean().item(), kl.max().item(), error)


if __name__ == "__main__":
    sys.exit(main())

"""How well a GGUF file is read: our logits from it beside those of the safetensors model, and beside llama.cpp's own.

    python -m tests.runtime.measure_gguf QUANTIZE LOGITS [--texts N] [--out FILE] [--blocks FILE]

QUANTIZE is llama.cpp's llama-quantize; LOGITS a program that is built from tests/runtime/llama_logits.cpp against the
same llama.cpp. Models: mellum2-nano, and a random one whose rows are whole superblocks of 256. Each is written as F32,
BF16 and Q8_0, quantised to Q4_K_M and MXFP4_MOE by the tool, and read by us in float32. llama.cpp rounds activations
to what the weights are stored in; so it reads each file twice, as it is, and with the weights made float32 by its tool.
--blocks writes what the tool makes of some rows in each type, and of that again: gguf_files/llama_blocks.safetensors.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import gguf
import numpy
import torch
from safetensors.torch import save_file
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
            f"{self.model:8} {self.format:10} {self.beside:13} top-1 {100 * self.top1:6.2f} %  KL {self.kl_mean:.2e}"
            f" (most {self.kl_most:.2e})  most error {self.error_most:.1e}  {self.positions} positions  [{types}]"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write lines and, with --out, JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("quantize", type=Path)
    parser.add_argument("logits", type=Path)
    parser.add_argument("--texts", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--blocks", type=Path)
    given = parser.parse_args(argv)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for model, directory in models(Path(folder)).items():
            if given.blocks:
                write_blocks(given.quantize, directory, Path(folder), given.blocks)
                continue
            sys.stdout.write(f"{model}: {words(given.logits, directory, Path(folder))}\n")
            for row in measured(given, model, directory, Path(folder)):
                sys.stdout.write(f"{row.line()}\n")
                sys.stdout.flush()
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
    for format in ("F32", "BF16", "Q8_0", "Q4_K_M", "MXFP4_MOE"):
        file, whole = (folder / f"{model}-{format}{end}.gguf" for end in ("", "-whole"))
        if format in ("F32", "Q8_0"):
            write_gguf(directory, file, format)
        elif format != "BF16":
            quantize(given.quantize, plain, file, format)
        quantize(given.quantize, file, whole, "F32")
        engine = Engine.load(file, dtype=torch.float32, device="cpu")
        types = GgufFiles(file).checkpoint().stored_types
        ours = [logits_of(engine, each) for each in ids]
        theirs = {
            "safetensors": wanted,
            "llama.cpp": [llama_cpp(given.logits, file, each, folder) for each in ids],
            "llama.cpp f32": [llama_cpp(given.logits, whole, each, folder) for each in ids],
        }
        rows += [compared(model, format, types, beside, ours, other) for beside, other in theirs.items()]
    return rows


def quantize(tool: Path, file: Path, out: Path, format: str, *options: str) -> None:
    """Run llama-quantize; its log is shown where it fails."""
    command = [tool, "--allow-requantize", *options, file, out, format, "1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def words(program: Path, directory: Path, folder: Path) -> str:
    """How many texts llama.cpp cuts into the ids that we cut them into, of our sources and of random characters."""
    file = write_gguf(directory, folder / "words.gguf", "BF16")
    files = GgufFiles(file)
    tokenizer = files.tokenizer(files.config())
    drawn = random.Random(0)
    letters = "abzäßéλЖ中日🙂0129٣ⅷ _-+(){}[]<>\"'\\/.,:;=\n\t\r\u00a0\u200b"
    cases = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "runtime").rglob("*.py"))]
    cases += ["".join(drawn.choices(letters, k=drawn.randint(1, 40))) for _ in range(2000)]
    (folder / "texts").write_bytes(b"\0".join(case.encode() for case in cases))
    said = subprocess.run([program, file, "--tokens", folder / "texts"], check=True, capture_output=True, text=True)
    theirs = [[int(number) for number in line.split()] for line in said.stdout.splitlines()]
    equal = sum(tokenizer.encode(case) == ids for case, ids in zip(cases, theirs, strict=True))
    return f"{equal} of {len(cases)} texts have the same ids in llama.cpp"


def write_blocks(tool: Path, directory: Path, folder: Path, out: Path) -> None:
    """Two rows of a matrix, of the experts for MXFP4, in each type as the tool stores them, and as it reads them."""
    plain = write_gguf(directory, folder / "plain.gguf", "F32")
    found: dict[str, Tensor] = {}
    for kind in ("Q8_0", "Q6_K", "Q5_K", "Q5_1", "Q5_0", "Q4_K", "Q4_1", "Q4_0", "Q3_K", "Q2_K", "IQ4_NL", "IQ4_XS"):
        quantize(tool, plain, folder / "packed.gguf", kind, "--pure")
        add_blocks(found, tool, folder, kind, "blk.0.attn_q.weight")
    quantize(tool, plain, folder / "packed.gguf", "MXFP4_MOE")
    add_blocks(found, tool, folder, "MXFP4", "blk.0.ffn_up_exps.weight")
    save_file(found, out, metadata={"made_by": "llama-quantize of llama.cpp b11434, --pure, rows of random numbers"})


def add_blocks(found: dict[str, Tensor], tool: Path, folder: Path, kind: str, name: str) -> None:
    """The first two rows of the tensor in packed.gguf."""
    quantize(tool, folder / "packed.gguf", folder / "whole.gguf", "F32")
    packed, whole = (
        next(tensor for tensor in gguf.GGUFReader(folder / f"{file}.gguf").tensors if tensor.name == name)
        for file in ("packed", "whole")
    )
    assert packed.tensor_type.name == kind
    found[f"{kind}.stored"] = torch.from_numpy(packed.data.reshape(-1, packed.data.shape[-1])[:2].copy())
    found[f"{kind}.numbers"] = torch.from_numpy(whole.data.reshape(-1, whole.data.shape[-1])[:2].copy())


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
    subprocess.run([program, file, out], input=" ".join(map(str, ids)), text=True, check=True, capture_output=True)
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

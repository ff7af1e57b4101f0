"""Trains mellum2-nano: a resumable loop that logs loss and tokens per second and exports a released-format checkpoint.

The data order is a function of the seed and the sequence number, so a run killed at any moment continues from its last
saved state (weights, optimisers, position) as if nothing had happened.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.examples import ExampleMaker, Library, pack
from mellum_ls.runtime.nano.export import export, sha256
from mellum_ls.runtime.nano.muon import Muon
from mellum_ls.runtime.nano.network import Masks, Network, Tables, attention_masks, rope_tables
from mellum_ls.runtime.nano.schedule import rate, recursion_starts
from mellum_ls.runtime.nano.shape import nano_config
from mellum_ls.runtime.profile import Profile
from mellum_ls.runtime.tokenizer import Tokenizer

AUXILIARY_WEIGHT = 0.003
MTP_WEIGHT, MTP_WEIGHT_LATE, RECURSION_WEIGHT = 0.1, 0.25, 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that decides a run's result."""

    steps: int = 8600
    batch: int = 32
    length: int = 4096
    lr: float = 4e-3
    layers: int = 8
    hidden: int = 320
    seed: str = "nano-1"


class Sequences(Dataset[Tensor]):
    """Packed training sequences by number: int64 [length + 3]."""

    def __init__(self, maker: ExampleMaker, run: Run, seed: str) -> None:
        self._maker, self._run, self._seed = maker, run, seed

    def __len__(self) -> int:
        return self._run.steps * self._run.batch

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(pack(self._maker, index, self._run.length + 3, self._seed), dtype=torch.int64)


class Trainer:
    """One run's live state and its folder: state.pt, log.jsonl and, at the end, checkpoint/."""

    def __init__(self, run: Run, folder: Path, tokenizer: Path, device: torch.device) -> None:
        torch.manual_seed(0)
        self.run, self.folder, self.tokenizer, self.device = run, folder, tokenizer, device
        vocab = len(json.loads(tokenizer.read_text())["model"]["vocab"])
        raw = nano_config(sha256(tokenizer), layers=run.layers, hidden=run.hidden, vocab_size=vocab)
        self.config = ModelConfig.from_dict(raw, source="shape.py")
        self.network = Network(self.config).to(device)
        self.optimisers = _optimisers(self.network, run.lr)
        self.tables: Tables = rope_tables(self.config, run.length, device)
        self.masks: Masks = attention_masks(self.config, run.length, device)
        self.losses = (
            torch.compile(self.network.losses, dynamic=False) if device.type == "cuda" else self.network.losses
        )
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._state = folder / "state.pt"
        if self._state.exists():
            self._load()

    def _load(self) -> None:
        state = torch.load(self._state, map_location=self.device, weights_only=True)
        if state["run"] != asdict(self.run):
            raise SystemExit(f"{self._state} belongs to another run: {state['run']}; choose another folder")
        self.network.load_state_dict(state["network"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step = state["step"]

    def save(self) -> None:
        """Write the state beside the old one and swap them, so that a kill leaves one of the two whole."""
        partial = self._state.with_suffix(".partial")
        optimisers = [optimiser.state_dict() for optimiser in self.optimisers]
        state = {
            "run": asdict(self.run),
            "network": self.network.state_dict(),
            "optimisers": optimisers,
            "step": self.step,
        }
        torch.save(state, partial)
        os.replace(partial, self._state)

    def update(self, batch: Tensor) -> dict[str, Tensor]:
        """One optimiser step on int64 [batch, length + 3]; returns the losses, still on the device."""
        factor = rate(self.step, self.run.steps)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group.setdefault("peak", group["lr"])
                group["lr"] = group["peak"] * factor
        recurse = self.step >= recursion_starts(self.run.steps)
        losses: dict[str, Tensor] = self.losses(batch, self.tables, self.masks, recurse=recurse)
        total = losses["main"] + AUXILIARY_WEIGHT * losses["auxiliary"]
        total = total + (MTP_WEIGHT_LATE if recurse else MTP_WEIGHT) * losses["mtp1"]
        if recurse:
            total = total + RECURSION_WEIGHT * losses["mtp2"]
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return losses

    def evaluate(self, batches: list[Tensor]) -> dict[str, float]:
        """Mean held-out losses in nats per token.

        Runs the training graph: one without gradients would have to be compiled for it.
        """
        sums: dict[str, float] = {}
        for batch in batches:
            recurse = self.step >= recursion_starts(self.run.steps)
            for name, value in self.losses(batch.to(self.device), self.tables, self.masks, recurse=recurse).items():
                sums[name] = sums.get(name, 0.0) + value.item() / len(batches)
        return sums

    def log(self, **row: object) -> None:
        """Append a row to log.jsonl and show it."""
        line = json.dumps({"step": self.step, **row})
        with (self.folder / "log.jsonl").open("a") as sink:
            sink.write(line + "\n")
        print(line, flush=True)


def _optimisers(network: Network, lr: float) -> list[torch.optim.Optimizer]:
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        hidden = parameter.ndim >= 2 and name not in ("embedding", "head") and not name.endswith("router")
        (matrices if hidden else others).append(parameter)
    decayed = [p for p in others if p.ndim >= 2]
    plain = [p for p in others if p.ndim < 2]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95), fused=True)
    return [Muon(matrices, lr=lr), adam]


def read_files(corpus: Path) -> Iterator[SourceFile]:
    """Stream a corpus file."""
    with corpus.open() as lines:
        for line in lines:
            yield SourceFile(**json.loads(line))


def example_maker(corpus: Path, tokenizer: Tokenizer, config: ModelConfig) -> ExampleMaker:
    """Examples out of a corpus file, in the layout of the checkpoint's own profile."""
    profile, end = Profile.derive(config, {}, tokenizer), tokenizer.id_of("<|endoftext|>")
    if profile.fim is None or end is None:
        raise SystemExit("the tokenizer lacks fill-in-the-middle tokens; make it with train_tokenizer")
    return ExampleMaker(Library(read_files(corpus)), tokenizer, profile.fim, end)


def train(trainer: Trainer, corpus: Path, *, workers: int, seconds: float, every: int) -> bool:
    """Run until done (True) or until `seconds` have passed (False, state saved). Evaluates each `every` steps."""
    run, started = trainer.run, time.monotonic()
    tokenizer = Tokenizer.from_file(trainer.tokenizer)
    heldout = Sequences(example_maker(corpus / "heldout.jsonl", tokenizer, trainer.config), run, "heldout")
    batches = [torch.stack([heldout[i * run.batch + j] for j in range(run.batch)]) for i in range(4)]
    sequences = Sequences(example_maker(corpus / "train.jsonl", tokenizer, trainer.config), run, run.seed)
    order = range(trainer.step * run.batch, run.steps * run.batch)
    loader = DataLoader(
        sequences, batch_size=run.batch, sampler=order, num_workers=workers, pin_memory=trainer.device.type == "cuda",
        prefetch_factor=8 if workers else None,
    )  # fmt: skip
    mark, marked = time.monotonic(), trainer.step
    for batch in loader:
        losses = trainer.update(batch.to(trainer.device, non_blocking=True))
        if trainer.step % 50 == 0:
            values = {name: round(value.item(), 4) for name, value in losses.items()}
            speed = (trainer.step - marked) * run.batch * run.length / (time.monotonic() - mark)
            trainer.log(tokens=trainer.step * run.batch * run.length, tokens_per_second=round(speed), **values)
            mark, marked = time.monotonic(), trainer.step
        if trainer.step % every == 0 or trainer.step == run.steps:
            heldout_losses = trainer.evaluate(batches)
            trainer.log(**{f"heldout_{name}": round(value, 4) for name, value in heldout_losses.items()})
            trainer.save()
            mark, marked = time.monotonic(), trainer.step
        if time.monotonic() - started > seconds:
            break
    trainer.save()
    return trainer.step >= run.steps


def main(arguments: list[str] | None = None) -> None:
    """Command line: train (or continue) a run and export it when it is done."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.nano.train", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/nano/corpus"))
    parser.add_argument("--tokenizer", type=Path, default=Path("build/nano/tokenizer.json"))
    parser.add_argument("--folder", type=Path, default=Path("build/nano/run"))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="save and stop after so long")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations")
    parser.add_argument("--export", action="store_true", help="write a checkpoint also when stopping early")
    for name, kind in (
        ("steps", int),
        ("batch", int),
        ("length", int),
        ("lr", float),
        ("layers", int),
        ("hidden", int),
    ):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Run(), name))
    options = parser.parse_args(arguments)
    shape = (options.batch, options.length, options.lr, options.layers, options.hidden)
    torch.set_float32_matmul_precision("high")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = Trainer(Run(options.steps, *shape), options.folder, options.tokenizer, device)
    done = train(trainer, options.corpus, workers=options.workers, seconds=options.seconds, every=options.every)
    if done or options.export:
        export(trainer.network, options.tokenizer, options.folder / "checkpoint")
    print("done" if done else f"stopped at step {trainer.step} of {options.steps}")


if __name__ == "__main__":
    main()

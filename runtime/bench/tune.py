"""Finds the fastest tile of each product of a step on this GPU: `python -m mellum_ls.runtime.bench.tune`.

Every candidate is timed over some layers of a random model in the released shape, replayed from a graph. Compiling
takes the longest by far, so other processes do that first, into Triton's own cache. Prints the table for
kernels/_triton/tuned.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from mellum_ls.kernels._triton import attend
from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels._triton.tuning import Tuning, key_of
from mellum_ls.runtime.bench.kernels import all_of, captured_times, filled_cache
from mellum_ls.runtime.bench.measure import Spread
from mellum_ls.runtime.config import AttentionType
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.step import Step
from mellum_ls.runtime.step_layer import context_bucket
from mellum_ls.runtime.synthetic import few_layers, released_config, synthetic_weights

LAYERS, CONTEXT = 6, 2048
OPS = ("qkv", "output", "gate_up", "down", "head")
ROWS = (1, 4)
SPLITS = (4, 8, 16, 32)
REPEATS = 7
OUTPUTS = {1: (1, 2, 4, 8, 16), 4: (16, 32)}
WIDTHS = {"float": (128, 256, 1024), "int8": (256, 1024, 4096), "int4": (32, 128, 512)}
WARPS = (2, 4, 8)
# Bytes of a weight's tile for each thread: less is all overhead, more does not fit the registers.
LEAST, MOST = 16, 64
BYTES = {"float": 2, "int8": 1, "int4": 4}


def candidates(op: str, format: str, rows: int) -> Iterator[Tile]:
    """Tiles worth a try; for `down` of one row the outputs are those of each of eight experts."""
    times = {"down": 8, "gate_up": 2}.get(op, 1) if rows == 1 or op == "gate_up" else 1
    for outputs in OUTPUTS[1 if rows == 1 else 4]:
        for width in WIDTHS[format]:
            for warps in WARPS:
                each = outputs * times * width * BYTES[format] / (32 * warps)
                if LEAST <= each <= MOST:
                    # Only what goes through tensor cores is pipelined by the compiler.
                    yield from (Tile(outputs, width, warps, stages) for stages in ((3,) if rows == 1 else (2, 4)))


def formats_of(format: FormatName) -> dict[str, str]:
    """The format of each operation's weight in a model of this format."""
    kinds = WEIGHT_FORMATS[format]
    return {
        "qkv": kinds.attention, "output": kinds.attention, "gate_up": kinds.mlp, "down": kinds.mlp, "head": kinds.head
    }  # fmt: skip


def jobs(formats: Sequence[FormatName]) -> list[tuple[FormatName, str, int, Tile]]:
    """What is to be timed, each operation and format once, though several model formats may have it."""
    seen: set[str] = set()
    found = []
    for format in formats:
        for op, kind in formats_of(format).items():
            for rows in ROWS:
                key = key_of(op, kind, rows)
                if key not in seen:
                    seen.add(key)
                    found += [(format, op, rows, tile) for tile in candidates(op, kind, rows)]
    return found


class Bench:
    """One random model, and the launches of an operation in all of its layers with any tile."""

    def __init__(self, format: FormatName) -> None:
        device = torch.device("cuda")
        config = few_layers(released_config(), LAYERS)
        self._kinds = formats_of(format)
        self.capability = torch.cuda.get_device_capability(device)
        self.model = FusedModel(config, synthetic_weights(config, WEIGHT_FORMATS[format], device))
        self._cache = filled_cache(self.model, CONTEXT)

    def launches(self, op: str, rows: int, tile: Tile) -> list[Launch]:
        """Those of one operation, with everything that they read in place."""
        tuning = replace(Tuning.of(self.capability), measured={key_of(op, self._kinds[op], rows): tile})
        if op == "head":
            return [self.model.new_head(rows, tuning).launch]
        return [launch for launch in self.step(rows, tuning).launches if launch.name == op]

    def step(self, rows: int, tuning: Tuning, splits: Mapping[AttentionType, int] | None = None) -> Step:
        """A step that has run once, so that all of its buffers hold what they should."""
        self.model.forward(torch.arange(100, 100 + rows), self._cache)
        self._cache.truncate(CONTEXT)
        step = self.model.new_step(rows, context_bucket(CONTEXT), tuning, splits)
        step.run()
        return step


def attention_times(bench: Bench, part: tuple[int, int] | None = None) -> dict[str, dict[str, float]]:
    """Microseconds of attention by layer type, rows and (tile, splits); with `part` only to compile that share."""
    found: dict[str, dict[str, float]] = {}
    tiles = [attend.Tile(1, keys, warps, stages) for keys in (32, 64, 128) for warps in (4, 8) for stages in (2, 3)]
    for index, cut in enumerate(tiles):
        if part is not None and index % part[1] != part[0]:
            continue
        for rows in ROWS:
            sized = replace(cut, tokens=rows)
            for splits in SPLITS if part is None else SPLITS[:1]:
                kinds = dict.fromkeys(bench.model.config.rope, splits)
                try:
                    step = bench.step(
                        rows, replace(Tuning.of(bench.capability), attending={f"attend/{rows}": sized}), kinds
                    )
                except Exception as error:  # noqa: BLE001 -- as below
                    print(f"attend {sized}: {error}"[:200], file=sys.stderr, flush=True)
                    continue
                for sliding in (True, False):
                    mine = [one for one in step.launches if one.name == "attend"]
                    mine = [one for one in mine if (one.constants["WINDOW"] is not None) == sliding]
                    seconds = captured_times("attend", all_of(mine), bench.model.device, REPEATS)
                    name = json.dumps([sized.tokens, sized.keys, sized.warps, sized.stages, splits])
                    key = f"attend/{rows}/{'sliding' if sliding else 'full'}"
                    found.setdefault(key, {})[name] = Spread.of(seconds).median * 1e6 / len(mine)
    return found


def times(jobs: Sequence[tuple[FormatName, str, int, Tile]]) -> dict[str, dict[str, float]]:
    """Microseconds of a launch by key and tile; what does not compile or run has no entry."""
    found: dict[str, dict[str, float]] = {}
    bench, current = None, None
    for format, op, rows, tile in jobs:
        if bench is None or current != format:
            bench = None  # its memory goes before the next takes some
            bench, current = Bench(format), format
        key = key_of(op, formats_of(format)[op], rows)
        try:
            launches = bench.launches(op, rows, tile)
            seconds = captured_times(op, all_of(launches), bench.model.device, REPEATS)
        except Exception as error:  # noqa: BLE001 -- a tile that is too large fails in the compiler's own ways
            print(f"{key} {tile}: {error}"[:200], file=sys.stderr, flush=True)
            continue
        name = json.dumps([tile.outputs, tile.width, tile.warps, tile.stages])
        found.setdefault(key, {})[name] = Spread.of(seconds).median * 1e6 / len(launches)
    return found


@torch.inference_mode()
def main(argv: Sequence[str] | None = None) -> int:
    """Tune and print."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.bench.tune", allow_abbrev=False)
    parser.add_argument("--formats", nargs="+", choices=list(WEIGHT_FORMATS), default=["int4", "float"])
    parser.add_argument("--ops", nargs="+", choices=[*OPS, "attend"], default=[*OPS, "attend"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    wanted = [job for job in jobs(given.formats) if job[1] in given.ops]
    attention = "attend" in given.ops
    if given.part:
        index, count = map(int, given.part.split("/"))
        times(wanted[index::count])
        if attention:
            attention_times(Bench(given.formats[0]), (index, count))
        return 0
    command = [sys.executable, "-m", "mellum_ls.runtime.bench.tune", "--formats", *given.formats, "--ops", *given.ops]
    count = max(1, (os.cpu_count() or 2) - 2)
    children = [subprocess.Popen([*command, "--part", f"{index}/{count}"]) for index in range(count)]
    for child in children:
        child.wait()
    found = times(wanted)
    if attention:
        found |= attention_times(Bench(given.formats[0]))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    for key, tiles in found.items():
        best = sorted(tiles.items(), key=lambda item: item[1])[:3]
        print(f'"{key}": ({best[0][0][1:-1]}),  # ' + ", ".join(f"{name} {us:.2f} us" for name, us in best))
    return 0


if __name__ == "__main__":
    sys.exit(main())

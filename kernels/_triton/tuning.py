"""Which tile each product of a step is cut into: a rule that compiles everywhere, and what was measured to be better.

Knows shapes and architectures, nothing of what the products are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from mellum_ls.kernels._triton import attend
from mellum_ls.kernels._triton.launch import next_power
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels._triton.tuned import MEASURED
from mellum_ls.kernels.packing import BLOCK, WORDS, Packed

# Elements of a row that are read at a time: as many as divide the row, but no more bytes than four wide loads of a
# warp, so that several rows are on their way at once.
WIDEST = {"float": 256, "int8": 256, "int4": 32}
# Rows of the weight in a program. With one row of x a program is short, and many keep the memory busy.
OUTPUTS_ONE, OUTPUTS_FEW = 16, 16
# `down` of one row multiplies that by the experts of the row.
OUTPUTS_DOWN = 4
MOST_WARPS = 4
WARP_BYTES = 32 * 16  # that a warp reads at once, 128 bits in each thread
# The short ones gain; one that has much to read takes the memory from the one that still runs. Measured on an H200.
EARLY = frozenset({"output", "route", "norm"})


def key_of(op: str, format: str, rows: int) -> str:
    """The name of an entry: one row and several are different kernels."""
    return f"{op}/{format}/{'one' if rows == 1 else 'few'}"


@dataclass(frozen=True, slots=True)
class Tuning:
    """Tiles by operation; those that were not measured follow the rule. Those of attention are by number of rows."""

    measured: Mapping[str, Tile] = field(default_factory=dict)
    attending: Mapping[str, attend.Tile] = field(default_factory=dict)
    overlaps: bool = False
    """Whether launches may begin while the one before still runs: from sm_90 on."""
    early: frozenset[str] = EARLY
    """Which then do."""

    @classmethod
    def of(cls, capability: tuple[int, int]) -> Tuning:
        """The table of an architecture: its own, or that of the next one below with the same major number."""
        major, minor = capability
        overlaps = capability >= (9, 0)
        for lower in range(minor, -1, -1):
            table = MEASURED.get(f"sm_{major}{lower}")
            if table is not None:
                cuts = {name: attend.Tile(*entry) for name, entry in table.items() if name.startswith("attend/")}
                return cls({name: Tile(*entry) for name, entry in table.items() if name not in cuts}, cuts, overlaps)
        return cls(overlaps=overlaps)

    def attention(self, rows: int, group: int, dtype: torch.dtype) -> attend.Tile:
        """The tile of attention for so many rows, where `group` query heads share keys."""
        known = self.attending.get(f"attend/{rows}") if dtype != torch.float32 else None
        return known or attend.default_tile(rows, group, dtype)

    def tile(self, op: str, weight: Packed, rows: int) -> Tile:
        """The tile of an operation with this weight and so many rows of x."""
        known = self.measured.get(key_of(op, weight.format, rows))
        return known or default_tile(op, weight, rows)


def default_tile(op: str, weight: Packed, rows: int) -> Tile:
    """What compiles on every architecture without spilling."""
    stored = -(-weight.columns // BLOCK) * WORDS if weight.format == "int4" else weight.columns
    width = min(WIDEST[weight.format], next_power(stored))
    while width > WORDS and stored % width:
        width //= 2
    if op == "likeliest" and weight.format == "float" and rows > 1:
        width //= 2  # the search for the largest needs registers, too: sm_80 spills with whole tiles
    if rows == 1 and op == "down":
        return Tile(OUTPUTS_DOWN, width, MOST_WARPS)
    outputs, width = OUTPUTS_ONE if rows == 1 else OUTPUTS_FEW, max(width, WORDS)
    if op == "down" and weight.format == "int4" and rows > 1:
        # With fewer, two warps share the tile and need more registers than sm_86 gives them.
        outputs = 2 * OUTPUTS_FEW
    # No more warps than wide loads of each: what is too little for all would be read in narrow ones.
    loads = outputs * width * weight.data.element_size() // WARP_BYTES
    # Gate and up of four bits take many registers on their way: with a third stage sm_120 spills.
    stages = 2 if (op, weight.format) == ("gate_up", "int4") and rows > 1 else 3
    return Tile(outputs, width, max(1, min(MOST_WARPS, loads)), stages)

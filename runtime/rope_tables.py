"""The angles of rotary embedding: cos and sin for each position and attention type, grown as positions are asked for.

Decides the frequencies (plain or YaRN); does not rotate anything (kernels/rope.py).
"""

import math

import torch
from torch import Tensor

from mellum_ls.runtime.config import AttentionType, ModelConfig, RopeConfig

FIRST_POSITIONS = 512


def inverse_frequencies(rope: RopeConfig, head_dim: int) -> tuple[Tensor, float]:
    """Return (inverse frequencies [head_dim / 2] float32, scale of cos and sin).

    Plain: theta^(-2i/D), scale 1. YaRN (Peng et al. 2023, arXiv 2309.00071, section 3.2): frequencies that turn fewer
    than beta_slow times within the original context are divided by `factor`, those that turn more than beta_fast
    times are kept, those between are blended linearly over the dimension index.
    """
    powers = rope.theta ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)  # [D/2]
    yarn = rope.yarn
    if yarn is None:
        return 1.0 / powers, 1.0

    def dimension(turns: float) -> float:
        """The (fractional) pair index whose frequency turns this often within the original context."""
        span = yarn.original_max_position_embeddings / (turns * 2 * math.pi)
        return head_dim * math.log(span) / (2 * math.log(rope.theta))

    low = max(math.floor(dimension(yarn.beta_fast)), 0)
    high = min(math.ceil(dimension(yarn.beta_slow)), head_dim - 1)
    span = high - low if high != low else 0.001  # a step, where the range is empty
    ramp = ((torch.arange(head_dim // 2, dtype=torch.float32) - low) / span).clamp(0, 1)
    stretched, kept = 1.0 / (yarn.factor * powers), 1.0 / powers
    scale = yarn.attention_factor
    if scale is None:
        scale = 0.1 * math.log(yarn.factor) + 1.0 if yarn.factor > 1 else 1.0
    return stretched * ramp + kept * (1 - ramp), scale


class RopeTables:
    """cos and sin of every position up to the longest asked for, for each attention type of the config."""

    def __init__(self, config: ModelConfig, device: torch.device, dtype: torch.dtype) -> None:
        self._limit = config.max_position_embeddings
        self._device, self._dtype = device, dtype
        self._frequencies = {kind: inverse_frequencies(rope, config.head_dim) for kind, rope in config.rope.items()}
        self._tables: dict[AttentionType, tuple[Tensor, Tensor]] = {}
        self._positions = 0

    def rows(self, kind: AttentionType, start: int, count: int) -> tuple[Tensor, Tensor]:
        """cos and sin of `count` positions from `start`, each [count, 1, D] (the 1 stands for the heads).

        The first half of sin is negated, as the rotation takes it.
        """
        if start + count > self._positions:
            self._grow(start + count)
        cos, sin = self._tables[kind]
        return cos[start : start + count], sin[start : start + count]

    def whole(self, kind: AttentionType) -> tuple[Tensor, Tensor]:
        """cos and sin of every position that the model has, in tensors that stay where they are."""
        if self._positions < self._limit:
            self._grow(self._limit)
        return self._tables[kind]

    def _grow(self, needed: int) -> None:
        self._positions = max(needed, min(self._limit, max(FIRST_POSITIONS, 2 * self._positions)))
        positions = torch.arange(self._positions, dtype=torch.float32)
        for kind, (frequencies, scale) in self._frequencies.items():
            half = torch.outer(positions, frequencies)  # [P, D/2]
            cos, sin = half.cos() * scale, half.sin() * scale
            self._tables[kind] = (self._both(cos, cos), self._both(-sin, sin))

    def _both(self, first: Tensor, second: Tensor) -> Tensor:
        return torch.cat((first, second), dim=-1)[:, None, :].to(self._device, self._dtype)  # [P, 1, D]

"""The learning-rate schedule: warm-up, hold, linear decay to zero, as Mellum2 was trained (warm-up-hold-decay)."""

from __future__ import annotations


def rate(step: int, total: int, *, warmup: int = 200, decay_share: float = 0.35) -> float:
    """Factor in [0, 1] of the peak rate at `step` of `total`."""
    warmup = min(warmup, max(1, total // 10))
    decay_steps = max(1, round(total * decay_share))
    if step < warmup:
        return (step + 1) / warmup
    return min(1.0, max(0.0, (total - step) / decay_steps))


def recursion_starts(total: int, *, share: float = 0.35) -> int:
    """The step from which the MTP layer is also trained on its own output (k = 2) and with a higher weight."""
    return total - round(total * share)

"""One launch of a kernel as data: what a step of the model is made of, and what can be compiled and counted unseen.

The tensors of a launch may lie on the device "meta": then it can be compiled ahead of time and its bytes counted, for
shapes that no memory here would hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from torch import Tensor

Argument: TypeAlias = Tensor | int | float | None
Constant: TypeAlias = int | bool | str | float | None


@dataclass(frozen=True, slots=True)
class Launch:
    """A kernel, its grid and its arguments, by the names of the kernel's parameters.

    reads and writes: bytes that must move at least, each tensor's part once, however often programs come back to it
        (those come from a cache). Exact for what does not depend on data; an upper bound of what does is said by the
        module that makes the launch.
    """

    name: str
    kernel: Any
    grid: tuple[int, ...]
    arguments: Mapping[str, Argument]
    constants: Mapping[str, Constant]
    warps: int
    stages: int
    reads: int
    writes: int
    early: bool = False
    """Begins while the launch before it still runs; see waiting.py."""

    def run(self) -> None:
        """Launch it on the current stream."""
        # The option is not even named where it is off: older architectures and the interpreter do not know it.
        options = {"launch_pdl": True} if self.early else {}
        self.kernel[self.grid](
            **self.arguments, **self.constants, num_warps=self.warps, num_stages=self.stages, **options
        )

    def waiting(self, early: bool) -> "Launch":
        """The same with what lets launches overlap in its code, from sm_90 on; itself begun early or in its turn."""
        return replace(self, early=early, constants={**self.constants, "EARLY": True})


Maker: TypeAlias = Callable[..., Launch]


def cdiv(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


def next_power(n: int) -> int:
    """The least power of two that is at least n."""
    return 1 << max(0, n - 1).bit_length()

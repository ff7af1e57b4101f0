"""Chooses, once per device and dtype, the implementation of an operation.

Knows nothing of what the operation computes. A fallback to the reference is logged once with its reason.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Generic, ParamSpec, TypeVar

import torch

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


LEAST_CAPABILITY = (8, 0)  # the first with tensor cores for bfloat16 and with copies that nobody waits for
TRITON_DTYPES = (torch.bfloat16, torch.float16, torch.float32)


def triton_serves(device: torch.device, dtype: torch.dtype) -> str | None:
    """The `supports` of an operation with a Triton kernel for the usual dtypes."""
    if device.type != "cuda" or torch.version.cuda is None:
        return f"its kernel is for NVIDIA GPUs, not for {device.type}"
    if dtype not in TRITON_DTYPES:
        return f"no kernel is written for {dtype}"
    if find_spec("triton") is None:
        return "triton is not installed"
    capability = torch.cuda.get_device_capability(device)
    if capability < LEAST_CAPABILITY:
        return f"its kernel needs compute capability 8.0, and this device has {'.'.join(map(str, capability))}"
    return None


def unsupported_everywhere(device: torch.device, dtype: torch.dtype) -> str | None:
    """The `supports` of an operation that has no kernel yet."""
    return f"no kernel is written for {device.type} and {dtype}"


@dataclass(frozen=True, slots=True)
class Op(Generic[P, R]):
    """One operation. The first argument of a call is the tensor whose device and dtype decide.

    reference: plain torch; runs on every device and says what the operation means.
    native: returns the compiled function for float32 on a processor, or None where there is none.
    triton: returns the Triton launcher, or is None while there is no kernel; called at most once per device and
        dtype, so that importing the operation does not import triton.
    supports: None if the kernel serves this device and dtype, otherwise the reason why it does not.
    """

    name: str
    reference: Callable[P, R]
    triton: Callable[[], Callable[P, R]] | None = None
    supports: Callable[[torch.device, torch.dtype], str | None] = unsupported_everywhere
    native: Callable[[], Callable[P, R] | None] | None = None
    _chosen: dict[tuple[str, torch.dtype], Callable[P, R]] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the chosen implementation."""
        subject = args[0]
        assert isinstance(subject, torch.Tensor), f"{self.name}: the first argument is {type(subject).__name__}"
        chosen = self._chosen.get((subject.device.type, subject.dtype))
        if chosen is None:
            chosen = self.implementation(subject.device, subject.dtype)
        return chosen(*args, **kwargs)

    @contextmanager
    def plain(self) -> Iterator[None]:
        """Within it the reference runs, whatever the device: what kernels are compared with."""
        chosen = dict(self._chosen)
        self._chosen.clear()
        for device in ("cpu", "cuda"):
            for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
                self._chosen[device, dtype] = self.reference
        try:
            yield
        finally:
            self._chosen.clear()
            self._chosen.update(chosen)

    def implementation(self, device: torch.device, dtype: torch.dtype) -> Callable[P, R]:
        """The implementation for this device and dtype; chosen and logged on the first call."""
        key = (device.type, dtype)
        if key not in self._chosen:
            compiled = None if self.native is None or key != ("cpu", torch.float32) else self.native()
            reason = "there is no Triton kernel" if self.triton is None else self.supports(device, dtype)
            if compiled is not None:
                self._chosen[key] = compiled
            elif self.triton is not None and reason is None:
                self._chosen[key] = self.triton()
            else:
                # On a CPU the reference is what one expects; elsewhere the user should learn why it is slow.
                level = logging.DEBUG if device.type == "cpu" else logging.INFO
                logger.log(level, "%s on %s %s: plain torch, because %s", self.name, device.type, dtype, reason)
                self._chosen[key] = self.reference
        return self._chosen[key]

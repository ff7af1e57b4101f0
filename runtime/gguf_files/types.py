"""How numbers are stored in GGUF files, and what they are as a tensor; the arithmetic is the `gguf` package's.

Knows bytes and types, not files nor names. `gguf` is imported when first asked, since it takes a second.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

FLOATS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
READABLE = (
    "F32", "F16", "BF16",
    "Q8_0", "Q6_K", "Q5_K", "Q5_1", "Q5_0", "Q4_K", "Q4_1", "Q4_0", "Q3_K", "Q2_K",
    "MXFP4", "NVFP4", "TQ1_0", "TQ2_0",
    "IQ4_NL", "IQ4_XS", "IQ3_S", "IQ3_XXS", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S",
)  # fmt: skip
"""Types that become tensors. The other ones are whole numbers, or newer than the package."""


def type_name(kind: int) -> str:
    """The name of the type with this number; of one that nobody knows yet the number itself."""
    from gguf.constants import GGMLQuantizationType

    try:
        return GGMLQuantizationType(kind).name
    except ValueError:
        return f"number {kind}"


@cache
def block_of(name: str) -> tuple[int, int]:
    """How many numbers a block of this type has, and how many bytes."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    return numbers, size


def stored_bytes(name: str, count: int) -> int | None:
    """Bytes that `count` numbers of a row take; None where rows of that length cannot be."""
    numbers, size = block_of(name)
    return None if count % numbers else count // numbers * size


def numbers_of(data: bytearray, name: str, shape: tuple[int, ...]) -> Tensor:
    """The numbers [*shape] that the bytes stand for: as they are stored for FLOATS, else float32. May share memory."""
    if name in FLOATS:
        return torch.frombuffer(data, dtype=FLOATS[name]).view(shape)
    import numpy
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    rows = numpy.frombuffer(data, dtype=numpy.uint8).reshape(-1, len(data) * shape[-1] // torch.Size(shape).numel())
    return torch.from_numpy(dequantize(rows, GGMLQuantizationType[name])).view(shape)

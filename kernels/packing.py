"""How a weight matrix lies in memory in each format: one layout, which every implementation of an operation reads.

Knows numbers, not files nor layers. A matrix is [N, K], N outputs of K inputs each, or [E, N, K], one for each expert.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import pad

Format = Literal["float", "int8", "int4", "panels"]
FORMATS: tuple[Format, ...] = ("float", "int8", "int4")
"""What a weight can be packed as. Panels are how a processor's compiled code has bfloat16's numbers; see `panelled`."""

GROUPS = (16, 32, 64, 128)
DEFAULT_GROUP = 64
# A word of 32 bits has eight codes, of columns that lie a sixteenth of a block apart: neighbouring words have
# neighbouring columns, so that both weights and activations are read in wide pieces and no code has to change places.
BLOCK, CODES, WORDS = 128, 8, 16
INT4_ZERO = 8  # the code of the value 0
INT8_MOST, INT4_MOST = 127, 7
PANEL = 16  # outputs side by side
# Numbers that are packed at a time: what stays in a processor's cache, and what a GPU is busy with.
CPU_NUMBERS, GPU_NUMBERS = 1 << 19, 1 << 26


@dataclass(frozen=True, slots=True)
class Packed:
    """A weight matrix [N, K], or a stack of them [E, N, K].

    float: data [..., N, K] in any float dtype; scale is None.
    int8: data [..., N, K] int8; scale [..., N] float32; weight = data * scale.
    int4: data [..., N, K' / 8] int32, whose word 16 b + j has in its bits 4 i to 4 i + 3 the code of column
    128 b + 16 i + j; scale [..., N, K' / group] float16; weight = (code - 8) * scale of the column's group. K' is the
    next multiple of 128; the codes of the columns that K has not are those of 0.
    panels: data [..., N / 16, K, 16] bfloat16, whose numbers 2 i and 2 i + 1 of column k in panel p are those of the
    outputs 16 p + i and 16 p + i + 8; scale is None.
    """

    format: Format
    data: Tensor
    columns: int
    """K."""
    scale: Tensor | None = None
    group: int = DEFAULT_GROUP

    @property
    def rows(self) -> int:
        """N."""
        return PANEL * self.data.shape[-3] if self.format == "panels" else self.data.shape[-2]

    @property
    def nbytes(self) -> int:
        """Bytes of codes and scales."""
        return self.data.nbytes + (0 if self.scale is None else self.scale.nbytes)

    @property
    def count(self) -> int:
        """How many trained numbers the codes stand for."""
        return self.data.numel() if self.format == "panels" else self.data.shape[:-1].numel() * self.columns

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.data.device

    def __len__(self) -> int:
        """Matrices of a stack, or rows of a matrix."""
        return self.rows if self._is_one_of_panels else self.data.shape[0]

    def __getitem__(self, index: int | slice | Tensor) -> "Packed":
        """Of a stack the matrix of one expert, or of several; of a matrix some rows, which are floats where they do not
        fill panels.
        """
        if self._is_one_of_panels:
            rows = unpack(self, torch.bfloat16)[index]
            return (
                panelled(rows)
                if rows.dim() == 2 and rows.shape[0] % PANEL == 0
                else Packed("float", rows, self.columns)
            )
        scale = None if self.scale is None else self.scale[index]
        return Packed(self.format, self.data[index], self.columns, scale, self.group)

    @property
    def _is_one_of_panels(self) -> bool:
        return self.format == "panels" and self.data.dim() == 3


Weight: TypeAlias = Tensor | Packed
"""A matrix as it was trained, or packed."""


def packed(weight: Weight) -> Packed:
    """The weight in the form that kernels take; nothing is copied."""
    return weight if isinstance(weight, Packed) else Packed("float", weight, weight.shape[-1])


def weight_count(weight: Weight) -> int:
    """How many trained numbers a weight stands for."""
    return weight.count if isinstance(weight, Packed) else weight.numel()


def blank(shape: Sequence[int], format: Format, group: int, dtype: torch.dtype, device: torch.device) -> Packed:
    """Room for a matrix [..., N, K] of this format, with nothing in it; floats are of dtype.

    Raises ValueError for another size of group.
    """
    *leading, columns = shape
    if format == "float":
        return Packed("float", torch.empty(*shape, dtype=dtype, device=device), columns)
    if format == "int8":
        codes = torch.empty(*shape, dtype=torch.int8, device=device)
        return Packed("int8", codes, columns, torch.empty(*leading, dtype=torch.float32, device=device))
    if group not in GROUPS:
        raise ValueError(f"int4 has groups of {', '.join(map(str, GROUPS))} columns, not {group}")
    stored = -(-columns // BLOCK) * BLOCK
    words = torch.empty(*leading, stored // CODES, dtype=torch.int32, device=device)
    return Packed(
        "int4", words, columns, torch.empty(*leading, stored // group, dtype=torch.float16, device=device), group
    )


def pack(weight: Tensor, format: Format, group: int = DEFAULT_GROUP) -> Packed:
    """Quantise a float matrix [..., N, K], symmetrically and to the nearest code.

    int8 has one scale for each row, int4 one for each `group` columns, both so that the largest magnitude is the
    largest code. Raises ValueError for another size of group, or where a weight is not a finite number or too large
    for the scales. Of a weight on the device "meta" only the shapes are made.
    """
    columns = weight.shape[-1]
    if format == "float":
        return Packed("float", weight, columns)
    packed = blank(weight.shape, format, group, weight.dtype, weight.device)
    assert packed.scale is not None
    if weight.is_meta:
        return packed
    matrix = weight.reshape(-1, columns)
    data, scale = packed.data.view(matrix.shape[0], -1), packed.scale.view(matrix.shape[0], -1)
    # Some rows at a time: the float32 copy of all would be larger than the weight, and go through memory ten times.
    step = max(1, (CPU_NUMBERS if weight.device.type == "cpu" else GPU_NUMBERS) // columns)
    for start in range(0, matrix.shape[0], step):
        rows = slice(start, start + step)
        codes, scale[rows] = _quantised(matrix[rows].float(), format, group)
        if not bool(torch.isfinite(scale[rows]).all()):
            raise ValueError("a weight is not a finite number")
        data[rows] = codes
    return packed


def _quantised(exact: Tensor, format: Format, group: int) -> tuple[Tensor, Tensor]:
    """Rows [n, K] float32 -> their codes, as they are stored, and their scales."""
    if format == "int8":
        scale = exact.abs().amax(dim=-1, keepdim=True) / INT8_MOST  # [n, 1]
        return _nearest(exact, scale, INT8_MOST), scale
    grouped = _parts(pad(exact, (0, -exact.shape[-1] % BLOCK)), group)  # [n, K' / group, group]
    scales = (grouped.abs().amax(dim=-1) / INT4_MOST).to(torch.float16)
    return _to_words(_nearest(grouped, scales.float()[..., None], INT4_MOST).flatten(-2)), scales


def unpack(weight: Packed, dtype: torch.dtype = torch.float32) -> Tensor:
    """The matrix [..., N, K] that the codes stand for, rounded to dtype."""
    if weight.format == "float":
        return weight.data.to(dtype)
    if weight.format == "panels":
        *stack, panels, columns, _ = weight.data.shape
        apart = weight.data.view(-1, panels, columns, PANEL // 2, 2).permute(0, 1, 4, 3, 2)  # [E, N / 16, 2, 8, K]
        return apart.reshape(*stack, panels * PANEL, columns).to(dtype)
    assert weight.scale is not None
    if weight.format == "int8":
        return (weight.data.float() * weight.scale[..., None]).to(dtype)
    codes = _parts(_from_words(weight.data), weight.group).float()
    whole = (codes * weight.scale.float()[..., None]).flatten(-2)
    return whole[..., : weight.columns].to(dtype)


def panelled(weight: Tensor) -> Packed:
    """A matrix [..., N, K] of bfloat16's numbers in panels, which its outputs must fill."""
    *stack, rows, columns = weight.shape
    apart = weight.to(torch.bfloat16).reshape(-1, rows // PANEL, 2, PANEL // 2, columns)
    data = apart.permute(0, 1, 4, 3, 2).reshape(*stack, rows // PANEL, columns, PANEL)
    return Packed("panels", data.contiguous(), columns)


def _parts(tensor: Tensor, size: int, dim: int = -1) -> Tensor:
    """The dimension cut into parts of `size`: [..., n, ...] -> [..., n / size, size, ...]."""
    dim %= tensor.dim()
    return tensor.reshape(*tensor.shape[:dim], -1, size, *tensor.shape[dim + 1 :])


def _nearest(weight: Tensor, scale: Tensor, most: int) -> Tensor:
    """Codes in -most..most; a scale of 0 has only zeros."""
    return (weight / torch.where(scale == 0, 1.0, scale)).round_().clamp_(-most, most)


def _to_words(codes: Tensor) -> Tensor:
    """[..., K] in -8..7 -> [..., K / 8] int32."""
    blocks = _parts(_parts(codes.to(torch.int32) + INT4_ZERO, WORDS), CODES, dim=-2)  # [..., blocks, 8, 16]
    words = blocks[..., 0, :].clone()
    for place in range(1, CODES):
        words |= blocks[..., place, :] << (4 * place)
    return words.flatten(-2)


def _from_words(words: Tensor) -> Tensor:
    """[..., K / 8] int32 -> [..., K] in -8..7, int32."""
    blocks = _parts(words, WORDS)  # [..., blocks, 16]
    codes = torch.stack([(blocks >> (4 * place)) & 15 for place in range(CODES)], dim=-2)  # [..., blocks, 8, 16]
    return codes.flatten(-3) - INT4_ZERO

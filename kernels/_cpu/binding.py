"""Finds the compiled library and calls it with tensors. Knows its structures, not what a model is.

The library has no dependency, on Python neither; an installation without a compiler goes without it.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import torch
from torch import Tensor

from mellum_ls.kernels.packing import Format, Packed, Weight, packed

VERSION = 9
"""Of what the functions take; layer.cpp says the same."""
LANES = 8
NAME = "native"
_CODES: dict[Format, int] = {"float": 0, "int8": 1, "int4": 2, "panels": 4}
_BFLOAT16 = 3


class Matrix(ctypes.Structure):
    """matrix.h's Matrix."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("scale", ctypes.c_void_p),
        ("format", ctypes.c_int32),
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("group", ctypes.c_int32),
    )


class Layer(ctypes.Structure):
    """layer.cpp's Layer."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("input_norm", "qk_norm", "mlp_norm", "router")),
        *((name, Matrix) for name in ("qkv", "output", "gate_up", "down")),
        *(
            (name, ctypes.c_int32)
            for name in (
                "hidden", "heads", "kv_heads", "head_dim", "inner", "experts", "top_k", "normalise", "window",
            )
        ),
        ("eps", ctypes.c_float),
    )  # fmt: skip


class Draft(ctypes.Structure):
    """layer.cpp's Draft."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("embedding", "embedding_norm", "hidden_norm", "norm")),
        ("projection", Matrix),
        ("layer", Layer),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer's rows of keys and values lie: addresses of the first, its position, and that of the first new."""

    keys: int
    values: int
    first: int
    position: int


class Library:
    """The compiled functions."""

    def __init__(self, path: Path) -> None:
        self._functions = functions = ctypes.CDLL(str(path))
        self.threads = (1, 1)
        functions.mellum_version.restype = ctypes.c_int32
        void, whole, long = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64
        functions.mellum_threads.argtypes = (whole, whole)
        functions.mellum_lanes.argtypes = (whole,)
        functions.mellum_lanes.restype = whole
        functions.mellum_linear.argtypes = (void, void, whole, void)
        functions.mellum_norm.argtypes = (void, void, whole, whole, ctypes.c_float, void)
        functions.mellum_layer.argtypes = (void, void, whole, whole, void, void, void, void, long, long)
        functions.mellum_likeliest.argtypes = (void, void, void, void)
        functions.mellum_highest.argtypes = (void, void, whole, void)
        functions.mellum_waits.argtypes = (void, void, whole, void)
        functions.mellum_guess.argtypes = (*(void,) * 4, whole, *(void,) * 4, long, long, *(void,) * 3)
        for name in ("threads", "linear", "likeliest", "highest", "norm", "layer", "guess", "waits"):
            getattr(functions, f"mellum_{name}").restype = None

    @property
    def version(self) -> int:
        """Of what the functions take."""
        return int(self._functions.mellum_version())

    def set_threads(self, few: int, many: int) -> None:
        """Compute passes over one row, and over several, on so many threads from now on; 1 and 1 at first.

        The calling thread is among them. A pass over less than eight rows takes the former number for a while after
        its threads were seen to wait for each other. No result depends on it.
        """
        self._functions.mellum_threads(few, many)
        self.threads = (few, many)

    def set_lanes(self, most: int) -> int:
        """Compute with 16 floats at once if `most` allows it and the processor has them, else with 8; which it is.

        It begins with the most that there are. No result depends on it.
        """
        return int(self._functions.mellum_lanes(most))

    def allowed(self, operations: Sequence[tuple[int, int]]) -> list[bool]:
        """Whether each of these operations of a few rows may take all threads; for tests.

        Of each the nanoseconds that its calling thread waits for the others if so, and those that it takes in all.
        """
        waited, took = (torch.tensor(column, dtype=torch.int64) for column in zip(*operations, strict=True))
        found = torch.empty(len(operations), dtype=torch.int8)
        self._functions.mellum_waits(waited.data_ptr(), took.data_ptr(), len(operations), found.data_ptr())
        return [bool(one) for one in found]

    def linear(self, x: Tensor, weight: Matrix) -> Tensor:
        """Return x @ weight.T, [T, N] float32, for x [T, K] float32. A row's result does not depend on the others."""
        x = x.contiguous()
        output = torch.empty(x.shape[0], weight.rows)
        self._functions.mellum_linear(ctypes.byref(weight), x.data_ptr(), x.shape[0], output.data_ptr())
        return output

    def likeliest(self, x: Tensor, weight: Matrix) -> tuple[int, float]:
        """Where x @ weight.T is largest, for x [1, K] float32, and the softmax's share of that place."""
        place, share = ctypes.c_int32(), ctypes.c_float()
        self._functions.mellum_likeliest(
            ctypes.byref(weight), x.contiguous().data_ptr(), ctypes.byref(place), ctypes.byref(share)
        )
        return place.value, share.value

    def highest(self, x: Tensor, weight: Matrix) -> list[int]:
        """Where each row of x @ weight.T is largest, for x [T, K] float32; the first of equal places."""
        x = x.contiguous()
        places = (ctypes.c_int64 * x.shape[0])()
        self._functions.mellum_highest(ctypes.byref(weight), x.data_ptr(), x.shape[0], places)
        return list(places)

    def norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """Return x / sqrt(mean(x^2) + eps) * weight for x [T, D] and weight [D], float32 and contiguous, D in lanes."""
        output = torch.empty_like(x)
        count, width = x.shape
        self._functions.mellum_norm(x.data_ptr(), weight.data_ptr(), count, width, eps, output.data_ptr())
        return output

    def layer(self, layer: Layer, x: Tensor, last: int, angles: tuple[Tensor, Tensor], place: Place) -> Tensor:
        """Write the layer's output over the `last` rows of x [T, H] float32 and return those.

        angles: cos and sin [T, 1, D] of the rows' positions. Keys and values of all rows are written where they belong.
        """
        cos, sin = angles
        count = x.shape[0]
        self._functions.mellum_layer(
            ctypes.byref(layer), x.data_ptr(), count, last, cos.data_ptr(), sin.data_ptr(), place.keys, place.values,
            place.first, place.position,
        )  # fmt: skip
        return x if last == count else x[count - last :]

    def guess(
        self,
        draft: Draft,
        head: Matrix,
        hidden: Tensor,
        ids: Sequence[int],
        angles: tuple[Tensor, Tensor],
        place: Place,
    ) -> tuple[Tensor, int, float]:
        """The MTP layer's state [1, H] for the last of its new entries; the likeliest row of `head`, and its share.

        The entries are of hidden [T, H] float32, contiguous, and the T ids behind them; else as in `layer`.
        """
        state, found, share = torch.empty(1, hidden.shape[1]), ctypes.c_int32(), ctypes.c_float()
        cos, sin = angles
        self._functions.mellum_guess(
            ctypes.byref(draft), ctypes.byref(head), hidden.data_ptr(), (ctypes.c_int64 * len(ids))(*ids), len(ids),
            cos.data_ptr(), sin.data_ptr(), place.keys, place.values, place.first, place.position, state.data_ptr(),
            ctypes.byref(found), ctypes.byref(share),
        )  # fmt: skip
        return state, found.value, share.value


def matrix_of(weight: Weight) -> Matrix:
    """The weight, or the stack of them, as the library takes it; whoever calls keeps the tensors.

    Raises ValueError for what the library cannot read.
    """
    weight = packed(weight)
    if not readable(weight):
        raise ValueError(f"the library does not read {weight.format} weights of {list(weight.data.shape)}")
    scale = None if weight.scale is None else weight.scale.data_ptr()
    floats = weight.format == "float" and weight.data.dtype == torch.bfloat16
    code = _BFLOAT16 if floats else _CODES[weight.format]
    return Matrix(weight.data.data_ptr(), scale, code, weight.rows, weight.columns, weight.group)


def readable(weight: Packed) -> bool:
    """Whether the library can read it: of its dtypes or packed, on the processor, row after row, in whole vectors."""
    data = weight.data
    plain = weight.format != "float" or data.dtype in (torch.float32, torch.bfloat16)
    scales = weight.scale is None or weight.scale.is_contiguous()
    return data.device.type == "cpu" and plain and data.is_contiguous() and scales and weight.columns % LANES == 0


@lru_cache(maxsize=1)
def library() -> Library | str:
    """The library, or the reason why there is none that this machine can run."""
    found = [path for suffix in EXTENSION_SUFFIXES for path in Path(__file__).parent.glob(f"{NAME}*{suffix}")]
    if not found:
        return "they are not compiled: install with a C++ compiler there"
    capability = torch.backends.cpu.get_cpu_capability()
    if platform.machine().lower() in ("x86_64", "amd64") and capability in ("DEFAULT", "NO AVX"):
        return f"they need AVX2, and this processor has {capability}"
    try:
        loaded = Library(found[0])
        version = loaded.version
    except (OSError, AttributeError) as error:
        return f"{found[0].name} cannot be loaded: {error}"
    if version != VERSION:
        return f"{found[0].name} is of version {version}, not {VERSION}: install again"
    return loaded

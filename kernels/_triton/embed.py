"""The rows of the embedding table that a step's ids name."""

import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch, cdiv
from mellum_ls.kernels._triton.numerics import rounded

COLUMNS = 1024  # of a row, for each program


@triton.jit
def _embed(ids_ptr, table_ptr, out_ptr, H: tl.constexpr, COLUMNS: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    values = tl.load(table_ptr + tl.load(ids_ptr + row).to(tl.int64) * H + columns, mask=columns < H, other=0.0)
    tl.store(out_ptr + row * H + columns, rounded(values.to(tl.float32), out_ptr), mask=columns < H)


def embed(ids: Tensor, table: Tensor, out: Tensor) -> Launch:
    """out[t] = table[ids[t]].

    ids [T] int32, each a row of the table, on the table's device; table [V, H]; out [T, H].
    """
    (tokens, hidden) = out.shape
    return Launch(
        "embed",
        _embed,
        (tokens, cdiv(hidden, COLUMNS)),
        {"ids_ptr": ids, "table_ptr": table, "out_ptr": out},
        {"H": hidden, "COLUMNS": COLUMNS},
        4,
        1,
        reads=ids.nbytes + tokens * hidden * table.element_size(),
        writes=out.nbytes,
    )

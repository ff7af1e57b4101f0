import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._triton.embed import COLUMNS, embed
from tests.kernels._triton.poisoned import Poisoned


@settings(max_examples=10)
@given(
    ids=st.lists(st.integers(0, 9), min_size=1, max_size=16),
    hidden=st.sampled_from([20, 320, COLUMNS, COLUMNS + 1]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_takes_the_rows_as_they_are(device: torch.device, ids: list[int], hidden: int, dtype: torch.dtype) -> None:
    buffers = Poisoned(device)
    table = torch.randn(10, hidden).to(dtype)
    out = buffers.empty(len(ids), hidden, dtype=dtype)
    embed(buffers.holding(torch.tensor(ids, dtype=torch.int32)), buffers.holding(table), out).run()
    assert torch.equal(out.cpu(), table[ids])
    buffers.check_margins()


@pytest.mark.parametrize("rows", [1, 16])
def test_only_the_named_rows_are_counted(rows: int) -> None:
    meta = torch.device("meta")
    ids = torch.empty(rows, dtype=torch.int32, device=meta)
    table, out = (torch.empty(some, 2304, dtype=torch.bfloat16, device=meta) for some in (98304, rows))
    launch = embed(ids, table, out)
    assert (launch.reads, launch.writes) == (rows * (4 + 2304 * 2), rows * 2304 * 2)

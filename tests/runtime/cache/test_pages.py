from __future__ import annotations

import gc
import sys

import pytest
import torch

from mellum_ls.runtime.cache.pages import LEAST_BYTES, rows_like
from mellum_ls.runtime.service.resident_memory import resident_bytes

MB = 1_000_000


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("count", [0, 3, LEAST_BYTES])
def test_rows_have_the_shape_that_is_asked_for_and_can_be_written(dtype: torch.dtype, count: int) -> None:
    like = torch.empty(7, 2, 4, dtype=dtype)
    with torch.inference_mode():
        rows = rows_like(like, count)
        assert (rows.shape, rows.dtype) == ((count, 2, 4), dtype)
        assert rows.is_contiguous()
        rows[:] = 1.5
        part = rows[count // 2 :]
        del rows
        gc.collect()
        assert bool((part == 1.5).all())


@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident size from /proc")
def test_what_is_dropped_goes_back_to_the_system_whatever_lies_between() -> None:
    like = torch.empty(0, 1024)
    # glibc's allocator gives large blocks a mapping of their own until it has got one back; from then on it keeps them.
    freed = torch.ones(6 * MB)
    del freed
    before = resident_bytes()
    large, small = [], []
    for _ in range(20):
        large.append(rows_like(like, 2500).fill_(1.0))  # 10 MB
        small.append(torch.ones(5_000))  # 20 kB of the allocator's, behind each
    full = resident_bytes()
    assert before is not None
    assert full is not None
    assert full - before > 180 * MB
    large.clear()
    gc.collect()
    after = resident_bytes()
    assert after is not None
    assert after - before < 40 * MB
    assert len(small) == 20

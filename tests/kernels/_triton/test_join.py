import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._triton.join import join
from mellum_ls.kernels.rms_norm import rms_norm_reference
from tests.kernels._triton.poisoned import Poisoned

EPS = 1e-6


@settings(max_examples=4)
@given(
    ids=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    hidden=st.sampled_from([20, 64, 300]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    seed=st.integers(0, 999),
)
def test_both_halves_equal_the_reference(
    device: torch.device, ids: list[int], hidden: int, dtype: torch.dtype, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    table, states = (torch.randn(rows, hidden, generator=generator).to(dtype) for rows in (10, len(ids)))
    norms = [(1 + torch.randn(hidden, generator=generator) / 4).to(dtype) for _ in range(2)]
    buffers = Poisoned(device)
    out = buffers.empty(len(ids), 2 * hidden, dtype=dtype)
    placed = buffers.holding(states)
    source = buffers.holding(torch.tensor([placed.data_ptr()]))
    launch = join(
        buffers.holding(torch.tensor(ids, dtype=torch.int32)), buffers.holding(table), source,
        buffers.holding(norms[0]), buffers.holding(norms[1]), out, EPS,
    )  # fmt: skip
    for turn in range(2):
        if turn:  # replayed, it finds other states at another address
            states = states.flip(0)
            placed = buffers.holding(states)
            source[0] = placed.data_ptr()
        launch.run()
        halves = [
            rms_norm_reference(x.double(), norm.double(), EPS)
            for x, norm in zip((table[ids], states), norms, strict=True)
        ]
        wanted = torch.cat(halves, dim=-1)
        atol = 1e-5 if dtype == torch.float32 else float(wanted.abs().amax()) * 2**-8
        torch.testing.assert_close(out.cpu().double(), wanted, rtol=0, atol=atol)
    buffers.check_margins()


def test_only_what_is_read_is_counted() -> None:
    meta = torch.device("meta")
    shapes = ((98304, 2304), (2304,), (3, 4608))
    table, norm, out = (torch.empty(shape, dtype=torch.bfloat16, device=meta) for shape in shapes)
    ids, source = torch.empty(3, dtype=torch.int32, device=meta), torch.empty(1, dtype=torch.int64, device=meta)
    launch = join(ids, table, source, norm, norm, out, EPS)
    assert (launch.reads, launch.writes) == (12 + 8 + (2 * 3 + 2) * 2304 * 2, 3 * 4608 * 2)

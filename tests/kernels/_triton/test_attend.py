from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mellum_ls.kernels._triton.attend import Tile, attend, default_splits, default_tile, new_scratch
from tests.kernels._triton.poisoned import Poisoned

# Of the largest value: float32 sums against float64; one rounding to eight bits of mantissa of each operand besides.
TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 1.5e-2}
EPS = 1e-6


@dataclass
class Step:
    """The inputs of one step of one layer, and what comes out."""

    tokens: int
    length: int
    first: int = 0
    window: int | None = None
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 16
    ahead: int = 0
    dtype: torch.dtype = torch.float32
    seed: int = 0

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(self.seed)
        both, dim = self.heads + self.kv_heads, self.head_dim
        self.qkv = torch.randn(self.tokens, (both + self.kv_heads) * dim, generator=generator).to(self.dtype)
        self.norm = (1 + torch.randn(both, dim, generator=generator) / 4).to(self.dtype)
        positions = self.length + self.tokens + self.ahead
        angles = torch.randn(positions, 1, dim // 2, generator=generator) * 3
        self.cos = torch.cat((angles.cos(), angles.cos()), dim=-1).to(self.dtype)
        self.sin = torch.cat((-angles.sin(), angles.sin()), dim=-1).to(self.dtype)
        held = self.length - self.first
        self.old = torch.randn(2, held, self.kv_heads, dim, generator=generator).to(self.dtype)

    def wanted(self) -> tuple[Tensor, Tensor]:
        """In float64: the output [T, Hq * D], and the new keys and values [2, T, Hkv, D]."""
        x = self.qkv.double().view(self.tokens, -1, self.head_dim)
        qk, v = x.split([self.heads + self.kv_heads, self.kv_heads], dim=1)
        qk = qk / (qk.pow(2).mean(dim=-1, keepdim=True) + EPS).sqrt() * self.norm.double()
        here = slice(self.length + self.ahead, None)
        qk = qk * self.cos[here].double() + qk.roll(self.head_dim // 2, dims=-1) * self.sin[here].double()
        q, k = qk.split([self.heads, self.kv_heads], dim=1)
        keys, values = torch.cat((self.old[0].double(), k)), torch.cat((self.old[1].double(), v))
        out = torch.zeros_like(q)
        for token in range(self.tokens):
            place = self.length - self.first + token
            start = 0 if self.window is None else max(0, place - self.window + 1)
            for head in range(self.heads):
                mine = head // (self.heads // self.kv_heads)
                scores = keys[start : place + 1, mine] @ q[token, head] * self.head_dim**-0.5
                out[token, head] = scores.softmax(0) @ values[start : place + 1, mine]
        return out.flatten(1), torch.stack((k, v))


def run(step: Step, device: torch.device, splits: int, tile: Tile, times: int = 1) -> tuple[Tensor, Tensor]:
    """The output, and keys and values of the whole store; what no token may see in it is NaN before, as are margins."""
    buffers = Poisoned(device)
    held = step.length - step.first
    store = torch.full((2, held + step.tokens + 3, step.kv_heads, step.head_dim), float("nan")).to(step.dtype)
    seen = held if step.window is None else min(held, step.window - 1)
    store[:, held - seen : held] = step.old[:, held - seen :]
    keys, values = (buffers.holding(part) for part in store)
    before = torch.stack((keys, values)).cpu()
    scratch = new_scratch(splits, step.tokens, step.heads, step.kv_heads, step.head_dim, tile, device)
    for part in (scratch.sums, scratch.most, scratch.total):
        part.fill_(float("nan"))
    out = buffers.empty(step.tokens, step.heads * step.head_dim, dtype=step.dtype)
    launch = attend(
        "attend", buffers.holding(step.qkv), buffers.holding(step.norm), buffers.holding(step.cos),
        buffers.holding(step.sin), torch.tensor([keys.data_ptr(), values.data_ptr()], device=device),
        torch.tensor([step.length, step.first], dtype=torch.int32, device=device), scratch, out, tile,
        window=step.window, eps=EPS, context=step.length, ahead=step.ahead,
    )  # fmt: skip
    for _ in range(times):
        launch.run()
    buffers.check_margins()
    assert (scratch.counters == 0).all(), "the next launch would not find its counters at 0"
    after = torch.stack((keys, values)).cpu()
    untouched = torch.ones(after.shape[1], dtype=torch.bool)
    untouched[held : held + step.tokens] = False
    torch.testing.assert_close(after[:, untouched], before[:, untouched], rtol=0, atol=0, equal_nan=True)
    return out.cpu(), after[:, held : held + step.tokens]


def check(step: Step, device: torch.device, splits: int, tile: Tile, times: int = 1) -> None:
    out, new = run(step, device, splits, tile, times)
    wanted, wanted_new = step.wanted()
    assert (out.double() - wanted).abs().amax() / wanted.abs().amax() < TOLERANCE[step.dtype]
    # A value is copied, a key rounded once.
    torch.testing.assert_close(new[1].double(), wanted_new[1], rtol=0, atol=0)
    rounding = {torch.float32: 2e-6, torch.bfloat16: 2**-8}[step.dtype]
    torch.testing.assert_close(new[0].double(), wanted_new[0], rtol=rounding, atol=3 * rounding * 2**-4)


@settings(max_examples=10)
@given(
    tokens=st.integers(1, 16),
    past=st.sampled_from([0, 1, 15, 16, 17, 40, 61]),
    gone=st.integers(0, 20),
    window=st.sampled_from([None, 1, 2, 15, 16, 17, 33]),
    heads=st.sampled_from([(2, 2), (2, 1), (4, 1), (8, 1), (6, 2)]),
    head_dim=st.sampled_from([16, 32]),
    splits=st.integers(1, 8),
    block=st.sampled_from([1, 2, 4, 16]),
    ahead=st.integers(0, 1),
    dtype=st.sampled_from(list(TOLERANCE)),
    seed=st.integers(0, 999),
)
def test_equals_the_same_in_float64(
    device: torch.device, tokens: int, past: int, gone: int, window: int | None, heads: tuple[int, int],
    head_dim: int, splits: int, block: int, ahead: int, dtype: torch.dtype, seed: int,
) -> None:  # fmt: skip
    first = 0 if window is None else gone
    step = Step(tokens, first + past, first, window, *heads, head_dim, ahead, dtype, seed)
    # A block of eight queries for each of sixteen tokens would be as large as any, and slow to interpret.
    block = min(block, 32 // (heads[0] // heads[1]))
    check(step, device, splits, Tile(block, 16, 2, 2))


@pytest.mark.parametrize("length", [7, 8, 9])
@pytest.mark.parametrize("tokens", [1, 3])
def test_at_the_edge_of_the_window(device: torch.device, length: int, tokens: int) -> None:
    check(Step(tokens, length, window=8, seed=length), device, 2, Tile(2, 16, 1, 2))


def test_rows_before_the_first_one_held_are_not_asked_for(device: torch.device) -> None:
    """A ring has let go of what its window no longer needs, or has just begun, as that of an MTP layer may."""
    check(Step(4, 1000, first=990, window=8), device, 3, Tile(2, 16, 1, 2))
    check(Step(4, 1000, first=998, window=8), device, 3, Tile(2, 16, 1, 2))
    check(Step(2, 50, first=50, window=8, ahead=1), device, 2, Tile(2, 16, 1, 2))


def test_the_same_launch_runs_again(device: torch.device) -> None:
    """As a captured graph does: the counters are where they began, and the stored rows are not read as old ones."""
    check(Step(3, 30), device, 4, Tile(2, 16, 1, 2), times=3)


def test_what_it_reads_may_change_between_runs(device: torch.device) -> None:
    """Length and addresses are found on the device: a rollback, and a cache that has grown elsewhere."""
    long, short = Step(2, 40, seed=1), Step(2, 10, seed=1)
    tile, nothing = Tile(2, 16, 1, 2), float("nan")
    scratch = new_scratch(4, 2, long.heads, long.kv_heads, long.head_dim, tile, device)
    rows, state = torch.zeros(2, dtype=torch.int64, device=device), torch.zeros(2, dtype=torch.int32, device=device)
    qkv, out = long.qkv.to(device), torch.empty(2, long.heads * long.head_dim, device=device)
    tables = [table.to(device) for table in (long.norm, long.cos, long.sin)]
    launch = attend("attend", qkv, *tables, rows, state, scratch, out, tile, window=None, eps=EPS, context=40)
    for step in (long, short):
        store = torch.full((2, step.length + 2, step.kv_heads, step.head_dim), nothing, device=device)
        store[:, : step.length] = step.old.to(device)
        rows.copy_(torch.tensor([store[0].data_ptr(), store[1].data_ptr()]))
        state[0] = step.length
        qkv.copy_(step.qkv)
        step.norm, step.cos, step.sin = long.norm, long.cos[: step.length + 2], long.sin[: step.length + 2]
        launch.run()
        torch.testing.assert_close(out.cpu().double(), step.wanted()[0], rtol=1e-5, atol=1e-5)


def test_the_bytes_of_a_window_are_those_that_it_sees() -> None:
    meta, dtype = torch.device("meta"), torch.bfloat16
    tile = default_tile(1, 8, dtype)
    scratch = new_scratch(16, 1, 32, 4, 128, tile, meta)

    def at(context: int, window: int | None) -> int:
        qkv, norm, table = (torch.empty(*shape, dtype=dtype, device=meta) for shape in ((1, 5120), (36, 128), (9, 128)))
        rows, state = torch.empty(2, dtype=torch.int64, device=meta), torch.empty(2, dtype=torch.int32, device=meta)
        out = torch.empty(1, 4096, dtype=dtype, device=meta)
        launch = attend(
            "attend", qkv, norm, table, table, rows, state, scratch, out, tile, window=window, eps=EPS, context=context
        )
        assert launch.grid == (16, 4, 1)
        assert launch.writes == 2 * 4 * 128 * 2 + 2 * 4096 + 16 * 32 * 130 * 4
        return launch.reads

    row = 2 * 4 * 128 * 2  # keys and values of four heads
    assert at(8192, None) - at(0, None) == 8192 * row
    assert at(8192, 1024) - at(0, 1024) == 1023 * row


@given(rows=st.integers(1, 16), group=st.sampled_from([1, 2, 3, 4, 8, 16, 64]), positions=st.integers(0, 200_000))
def test_the_defaults_are_cuts_that_the_kernel_takes(rows: int, group: int, positions: int) -> None:
    tile = default_tile(rows, group, torch.bfloat16)
    assert tile.tokens * group <= tile.rows(group) <= max(32, 2 * group)
    splits = default_splits(positions, tile, group)
    assert splits.bit_count() == 1
    assert 1 <= splits <= 64


def test_too_many_rows_are_refused(device: torch.device) -> None:
    step, tile = Step(17, 3), Tile(2, 16, 1, 2)
    with pytest.raises(AssertionError, match="flash"):
        run(step, device, 1, tile)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._triton.head import LEAST, head, room_for_keys
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack
from tests.kernels._triton.poisoned import Poisoned

# Of the largest value: float32 sums; in bfloat16 the factors are rounded to eight bits.
TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 1.5e-2}
EPS = 1e-6


@settings(max_examples=12)
@given(
    rows=st.integers(1, 16),
    columns=st.sampled_from([20, 160]),
    size=st.sampled_from([5, 16, 50]),
    trimmed=st.booleans(),
    format=st.sampled_from(FORMATS),
    dtype=st.sampled_from(list(TOLERANCE)),
    seed=st.integers(0, 999),
)
def test_the_scores_equal_those_in_float64_and_the_ids_are_of_the_largest(
    device: torch.device, rows: int, columns: int, size: int, trimmed: bool, format: Format, dtype: torch.dtype,
    seed: int,
) -> None:  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, columns, generator=generator).to(dtype)
    norm = (1 + torch.randn(columns, generator=generator) / 4).to(dtype)
    weight = pack(torch.randn(size, columns, generator=generator).to(dtype), format, 32)
    vocabulary = torch.randperm(size, generator=generator)[: size // 2 + 1] if trimmed else torch.arange(size)
    buffers = Poisoned(device)
    logits = buffers.empty(rows, len(vocabulary), dtype=torch.float32)
    ids, largest = buffers.empty(rows, dtype=torch.int32), buffers.empty(rows, dtype=torch.float32)
    keys, counter = (buffers.holding(some) for some in room_for_keys(rows, torch.device("cpu")))
    launch = head(
        buffers.holding(x), buffers.holding(norm), buffers.packed(weight), logits, ids, largest, (keys, counter),
        Tile(16, 32, 2), eps=EPS, vocabulary=buffers.holding(vocabulary.to(torch.int32)) if trimmed else None,
    )  # fmt: skip
    exact = x.double() / (x.double().pow(2).mean(dim=-1, keepdim=True) + EPS).sqrt() * norm.double()
    wanted = exact @ unpack(weight, torch.float64)[vocabulary].T
    for _ in range(2):  # as a graph that is replayed
        launch.run()
        assert (logits.cpu().double() - wanted).abs().amax() < TOLERANCE[dtype] * wanted.abs().amax()
        found, places = logits.cpu().max(dim=-1)
        assert ids.tolist() == vocabulary[places].tolist()
        assert torch.equal(largest.cpu(), found)
        assert (keys == LEAST).all()
        assert (counter == 0).all()
    buffers.check_margins()


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_of_equal_scores_the_lowest_id_is_taken(device: torch.device, rows: int, sign: float) -> None:
    weight = torch.full((40, 16), sign)
    weight[:3] -= 1
    # 37 comes first among the scored, in another program than 33.
    vocabulary = torch.tensor([37, *range(20), *range(33, 37)], dtype=torch.int32, device=device)[
        [0, *range(22, 25), 21]
    ]
    ids, largest = torch.empty(rows, dtype=torch.int32, device=device), torch.empty(rows, device=device)
    head(
        torch.ones(rows, 16, device=device), torch.ones(16, device=device), pack(weight.to(device), "float"),
        torch.empty(rows, 5, device=device), ids, largest, room_for_keys(rows, device), Tile(16, 16, 1), eps=EPS,
        vocabulary=vocabulary,
    ).run()  # fmt: skip
    assert ids.tolist() == [33] * rows
    torch.testing.assert_close(largest.cpu(), torch.full((rows,), 16 * sign))


def test_the_two_zeros_are_equal(device: torch.device) -> None:
    weight = torch.full((4, 16), -1.0)
    weight[1:3] = torch.tensor([[-0.0], [0.0]])
    ids, largest = torch.empty(1, dtype=torch.int32, device=device), torch.empty(1, device=device)
    head(
        torch.ones(1, 16, device=device), torch.ones(16, device=device), pack(weight.to(device), "float"),
        torch.empty(1, 4, device=device), ids, largest, room_for_keys(1, device), Tile(16, 16, 1), eps=EPS,
    ).run()  # fmt: skip
    assert ids.tolist() == [1]


def test_a_trimmed_head_reads_its_own_rows_only() -> None:
    meta = torch.device("meta")

    def some(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.empty(*shape, dtype=dtype, device=meta)

    weight = Packed("int8", some(98304, 2304, dtype=torch.int8), 2304, some(98304))
    x = some(1, 2304, dtype=torch.bfloat16)
    found = some(1, dtype=torch.int32), some(1)
    whole = head(x, x[0], weight, some(1, 98304), *found, room_for_keys(1, meta), Tile(16, 256, 4), eps=EPS)
    assert whole.reads == 98304 * (2304 + 4) + 2 * 2304 * 2
    named = some(16384, dtype=torch.int32)
    part = head(
        x, x[0], weight, some(1, 16384), *found, room_for_keys(1, meta), Tile(16, 256, 4), eps=EPS, vocabulary=named
    )
    assert part.reads == 16384 * (2304 + 4 + 4) + 2 * 2304 * 2
    assert part.grid == (1024,)

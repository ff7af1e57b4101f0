import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import silu

from mellum_ls.kernels._triton.experts import PARTS, down, gate_up, room_for_sums
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack
from tests.kernels._triton.poisoned import Poisoned

# Of the largest value: see test_project.py.
TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 1.5e-2}
EPS = 1e-6
DTYPES = list(TOLERANCE)


def close(found: Tensor, wanted: Tensor) -> bool:
    return bool((found.cpu().double() - wanted).abs().amax() < TOLERANCE[found.dtype] * wanted.abs().amax())


def some_choice(rows: int, experts: int, top_k: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(chosen [T, K], hit: a list with room, of which only the beginning counts)."""
    chosen = torch.stack([torch.randperm(experts, generator=generator)[:top_k] for _ in range(rows)]).to(torch.int32)
    hit = torch.full((min(experts, rows * top_k),), torch.iinfo(torch.int32).max, dtype=torch.int32)
    distinct = chosen.unique()
    hit[: len(distinct)] = distinct
    return chosen, hit


def exact_inner(x: Tensor, weight: Tensor) -> Tensor:
    """[T, K, I] of x [T, H] and the weights [T, K, 2I, H] of each row's experts, in float64."""
    gate, up = torch.einsum("th,tkih->tki", x.double(), weight.double()).chunk(2, dim=-1)
    return silu(gate) * up


experts_of_a_step = given(
    rows=st.sampled_from([1, 2, 5, 16]),
    hidden=st.sampled_from([20, 130]),
    inner=st.sampled_from([12, 33]),
    sizes=st.sampled_from([(6, 2), (11, 8), (3, 3)]),
    format=st.sampled_from(FORMATS),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 999),
)


@settings(max_examples=10)
@experts_of_a_step
def test_the_inside_of_every_chosen_expert_equals_the_same_in_float64(
    device: torch.device, rows: int, hidden: int, inner: int, sizes: tuple[int, int], format: Format,
    dtype: torch.dtype, seed: int,
) -> None:  # fmt: skip
    experts, top_k = sizes
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, hidden, generator=generator).to(dtype)
    weight = pack((torch.randn(experts, 2 * inner, hidden, generator=generator) / hidden**0.5).to(dtype), format, 32)
    chosen, hit = some_choice(rows, experts, top_k, generator)
    buffers = Poisoned(device)
    out = buffers.empty(rows, top_k, inner, dtype=dtype)
    count = torch.tensor([len(chosen.unique())], dtype=torch.int32)
    gate_up(
        buffers.holding(x), buffers.packed(weight), out, Tile(16, 32, 2), chosen=buffers.holding(chosen),
        hit=buffers.holding(hit), count=buffers.holding(count),
    ).run()  # fmt: skip
    assert close(out, exact_inner(x, unpack(weight)[chosen.long()]))
    buffers.check_margins()


@settings(max_examples=10)
@experts_of_a_step
def test_the_sum_of_the_experts_equals_the_same_in_float64(
    device: torch.device, rows: int, hidden: int, inner: int, sizes: tuple[int, int], format: Format,
    dtype: torch.dtype, seed: int,
) -> None:  # fmt: skip
    experts, top_k = sizes
    generator = torch.Generator().manual_seed(seed)
    inside = torch.randn(rows, top_k, inner, generator=generator).to(dtype)
    weight = pack((torch.randn(experts, hidden, inner, generator=generator) / inner**0.5).to(dtype), format, 32)
    chosen, hit = some_choice(rows, experts, top_k, generator)
    shares = torch.rand(rows, top_k, generator=generator)
    stream = torch.randn(rows, hidden, generator=generator).to(dtype)
    buffers, tile = Poisoned(device), Tile(64, 32, 2)
    out = buffers.holding(stream)
    sums, counters = room_for_sums(rows, hidden, tile, device)
    launch = down(
        buffers.holding(inside), buffers.holding(shares), buffers.holding(chosen), buffers.holding(hit),
        buffers.holding(torch.tensor([len(chosen.unique())], dtype=torch.int32)), buffers.packed(weight), out, tile,
        room=(buffers.empty(*sums.shape, dtype=sums.dtype), counters),
    )  # fmt: skip
    exact = unpack(weight, torch.float64)[chosen.long()]
    added = torch.einsum("tki,tkhi,tk->th", inside.double(), exact, shares.double())
    for times in (1, 2):  # as a graph that is replayed
        launch.run()
        assert close(out, stream.double() + times * added)
        assert counters.eq(0).all()
    buffers.check_margins()


@pytest.mark.parametrize("rows", [1, 4])
def test_a_dense_layer_is_one_expert_of_every_row(device: torch.device, rows: int) -> None:
    generator = torch.Generator().manual_seed(rows)
    x, norm = torch.randn(rows, 20, generator=generator), torch.rand(20, generator=generator)
    weight = pack(torch.randn(24, 20, generator=generator), "int8")
    buffers = Poisoned(device)
    out = buffers.empty(rows, 1, 12, dtype=torch.float32)
    gate_up(
        buffers.holding(x), buffers.packed(weight), out, Tile(8, 32, 1), norm=buffers.holding(norm), eps=EPS
    ).run()  # fmt: skip
    normed = x.double() / (x.double().pow(2).mean(dim=-1, keepdim=True) + EPS).sqrt() * norm.double()
    assert close(out, exact_inner(normed, unpack(weight).expand(rows, 1, 24, 20)))
    buffers.check_margins()


def of_the_released_model(rows: int) -> tuple[Packed, Packed, tuple[Tensor, ...]]:
    meta = torch.device("meta")

    def some(*shape: int, dtype: torch.dtype) -> Tensor:
        return torch.empty(*shape, dtype=dtype, device=meta)

    def int4(outputs: int, columns: int) -> Packed:
        scale = some(64, outputs, columns // 64, dtype=torch.float16)
        return Packed("int4", some(64, outputs, columns // 8, dtype=torch.int32), columns, scale)

    ids = [some(rows, 8, dtype=torch.int32), some(min(64, rows * 8), dtype=torch.int32), some(1, dtype=torch.int32)]
    return int4(1792, 2304), int4(2304, 896), (*ids, some(rows, 8, 896, dtype=torch.bfloat16))


@pytest.mark.parametrize(("rows", "hits"), [(1, 8), (4, 27)])
def test_only_experts_that_are_hit_are_counted(rows: int, hits: int) -> None:
    first, second, (chosen, hit, count, inner) = of_the_released_model(rows)
    x = torch.empty(rows, 2304, dtype=torch.bfloat16, device="meta")
    tile, shares = Tile(16, 32, 4), chosen.float()
    up = gate_up(x, first, inner, tile, chosen=chosen, hit=hit, count=count, hit_experts=hits)
    assert up.reads == hits * 1792 * 2304 * 17 // 32 + rows * (2304 * 2 + 8 * 4)
    assert up.grid == (rows * 8, 56)
    room = room_for_sums(rows, 2304, tile, torch.device("meta"))
    back = down(inner, shares, chosen, hit, count, second, x, tile, room=room, hit_experts=hits)
    own = rows * (8 * 896 * 2 + 8 * 8 + 2304 * 2)
    scratch = 0 if rows == 1 else PARTS * rows * 2304 * 4
    assert back.reads == hits * 2304 * 896 * 17 // 32 + own + scratch
    assert back.writes == rows * 2304 * 2 + scratch


def test_several_rows_need_room_for_their_sums() -> None:
    _, weight, (chosen, hit, count, inner) = of_the_released_model(2)
    with pytest.raises(ValueError, match="room"):
        down(inner, chosen.float(), chosen, hit, count, weight, inner[:, 0], Tile(16, 32, 4))

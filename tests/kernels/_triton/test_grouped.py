import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mellum_ls.kernels._triton.grouped import by_expert, combine, default_block, down, experts, gate_up
from mellum_ls.kernels._triton.matmul import Block
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack
from tests.kernels._triton.poisoned import Poisoned

# Of the largest value; two products and two roundings between.
TOLERANCE = {torch.float32: 5e-6, torch.bfloat16: 3e-2}


def case(
    tokens: int, hidden: int, inner: int, num_experts: int, top: int, format: Format, dtype: torch.dtype, seed: int
) -> tuple[Tensor, Tensor, Tensor, Packed, Packed]:
    generator = torch.Generator().manual_seed(seed)
    shares, chosen = torch.randn(tokens, num_experts, generator=generator).softmax(-1).topk(top)
    gate_up_weight = torch.randn(num_experts, 2 * inner, hidden, generator=generator) * hidden**-0.5
    down_weight = torch.randn(num_experts, hidden, inner, generator=generator) * inner**-0.5
    return (
        torch.randn(tokens, hidden, generator=generator).to(dtype),
        shares.to(dtype),
        chosen,
        pack(gate_up_weight.to(dtype), format, 32),
        pack(down_weight.to(dtype), format, 32),
    )


def exact(x: Tensor, shares: Tensor, chosen: Tensor, gate_up_weight: Packed, down_weight: Packed) -> Tensor:
    up, back, x = unpack(gate_up_weight, torch.float64), unpack(down_weight, torch.float64), x.double()
    out = torch.zeros_like(x)
    for token in range(x.shape[0]):
        for slot, expert in enumerate(chosen[token].tolist()):
            gate, factor = (up[expert] @ x[token]).chunk(2)
            out[token] += shares[token, slot].double() * (back[expert] @ (gate * gate.sigmoid() * factor))
    return out


def laid_out(weight: Packed, buffers: Poisoned) -> Packed:
    scale = None if weight.scale is None else buffers.holding(weight.scale)
    return Packed(weight.format, buffers.holding(weight.data), weight.columns, scale, weight.group)


@settings(max_examples=6)
@given(
    tokens=st.integers(1, 12),
    shape=st.sampled_from([(20, 12), (130, 20), (36, 34)]),
    chosen_of=st.sampled_from([(6, 2), (4, 4), (9, 1)]),
    block=st.sampled_from([(16, 16), (16, 32), (32, 16)]),
    programs=st.integers(1, 5),
    format=st.sampled_from(FORMATS),
    dtype=st.sampled_from(list(TOLERANCE)),
    seed=st.integers(0, 999),
)
def test_equals_one_expert_at_a_time_in_float64(
    device: torch.device, tokens: int, shape: tuple[int, int], chosen_of: tuple[int, int], block: tuple[int, int],
    programs: int, format: Format, dtype: torch.dtype, seed: int,
) -> None:  # fmt: skip
    (hidden, inner), (num_experts, top) = shape, chosen_of
    arguments = x, shares, chosen, up, back = case(tokens, hidden, inner, num_experts, top, format, dtype, seed)
    buffers = Poisoned(device)
    order, ends = (buffers.holding(some) for some in by_expert(chosen, num_experts))
    between = buffers.empty(tokens * top, inner, dtype=dtype)
    parts = buffers.empty(tokens, top, hidden, dtype=dtype)
    out = buffers.empty(tokens, hidden, dtype=dtype)
    cut = Block(*block, 128 if format == "int4" else 32, 1, 1)
    up_there, back_there = laid_out(up, buffers), laid_out(back, buffers)
    gate_up(buffers.holding(x), order, ends, up_there, between, cut, programs=programs).run()
    down(between, order, ends, back_there, parts, cut, programs=programs).run()
    combine(parts, buffers.holding(shares), out).run()
    wanted = exact(*arguments)
    assert (out.cpu().double() - wanted).abs().amax() < TOLERANCE[dtype] * wanted.abs().amax()
    buffers.check_margins()


@pytest.mark.parametrize("format", FORMATS)
def test_the_order_of_the_rows_changes_no_bit(device: torch.device, format: Format) -> None:
    x, shares, chosen, up, back = case(11, 20, 12, 6, 2, format, torch.float32, 3)
    there = [Packed(w.format, w.data.to(device), w.columns, None if w.scale is None else w.scale.to(device), w.group)
             for w in (up, back)]  # fmt: skip
    mixed = torch.randperm(11, generator=torch.Generator().manual_seed(1))
    found = experts(x.to(device), shares.to(device), chosen.to(device), *there)
    again = experts(x[mixed].to(device), shares[mixed].to(device), chosen[mixed].to(device), *there)
    assert torch.equal(found[mixed.to(device)], again)
    wanted = exact(x, shares, chosen, up, back)
    torch.testing.assert_close(found.cpu().double(), wanted, rtol=1e-4, atol=1e-5)


def test_an_expert_may_have_several_blocks_of_rows_and_its_neighbours_none(device: torch.device) -> None:
    x, shares, chosen, up, back = case(40, 20, 12, 6, 1, "float", torch.float32, 9)
    chosen[:37], chosen[37:] = 2, 5
    found = experts(x.to(device), shares.to(device), chosen.to(device), up.data.to(device), back.data.to(device))
    torch.testing.assert_close(found.cpu().double(), exact(x, shares, chosen, up, back), rtol=1e-4, atol=1e-5)


def test_plain_tensors_are_a_format_too_and_no_rows_are_no_work(device: torch.device) -> None:
    x, shares, chosen, up, back = case(3, 20, 12, 6, 2, "float", torch.float32, 5)
    found = experts(x.to(device), shares.to(device), chosen.to(device), up.data.to(device), back.data.to(device))
    torch.testing.assert_close(found.cpu().double(), exact(x, shares, chosen, up, back), rtol=1e-4, atol=1e-5)
    assert experts(x[:0], shares[:0], chosen[:0], up, back).shape == (0, 20)


def test_pairs_are_sorted_by_expert_and_stay_in_order_within() -> None:
    order, ends = by_expert(torch.tensor([[3, 1], [1, 0], [3, 4]]), 6)
    assert order.tolist() == [3, 1, 2, 0, 4, 5]
    assert ends.tolist() == [1, 3, 3, 5, 6, 6]


def test_an_expert_without_rows_counts_for_nothing() -> None:
    meta = torch.device("meta")
    weight = Packed("int8", torch.empty(8, 64, 32, dtype=torch.int8, device=meta), 32, torch.empty(8, 64, device=meta))
    x, inner = (torch.empty(4, width, dtype=torch.bfloat16, device=meta) for width in (32, 32))
    order, ends = (torch.empty(size, dtype=torch.int32, device=meta) for size in (4, 8))
    launch = gate_up(x, order, ends, weight, inner, Block(16, 16, 32, 1, 1), programs=3, hit_experts=2)
    assert launch.reads == 4 * 32 * 2 + 4 * 4 + 8 * 4 + 2 * (64 * 32 + 64 * 4)
    assert (launch.writes, launch.grid) == (4 * 32 * 2, (3,))


def test_a_cut_fits_the_mean_of_an_expert() -> None:
    weight = pack(torch.ones(8, 4, 128), "int4", 32)
    cuts = [default_block(pairs, weight, torch.bfloat16, accumulators=2) for pairs in (8, 256, 4096)]
    assert [cut.rows for cut in cuts] == [16, 32, 64]
    assert {cut.outputs for cut in cuts} == {64}

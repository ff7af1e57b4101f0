import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.kernels.packing import FORMATS, PANEL, Format, Packed, pack, panelled, unpack


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 300),
    group=st.sampled_from([16, 32, 64, 128]),
    seed=st.integers(0, 99),
)
def test_int4_is_within_half_a_step_of_the_weight(rows: int, columns: int, group: int, seed: int) -> None:
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    packed = pack(weight, "int4", group)
    assert packed.data.dtype == torch.int32
    assert (packed.rows, packed.columns) == (rows, columns)
    assert packed.scale is not None
    step = packed.scale.float().repeat_interleave(group, dim=-1)[:, :columns]
    # The largest magnitude is the largest code but for the rounding of the scale to float16.
    assert ((unpack(packed) - weight).abs() <= step * 0.505).all()


@given(rows=st.integers(1, 5), columns=st.integers(1, 40), seed=st.integers(0, 99))
def test_int8_is_within_half_a_step_of_the_weight(rows: int, columns: int, seed: int) -> None:
    weight = torch.randn(2, rows, columns, generator=torch.Generator().manual_seed(seed))
    packed = pack(weight, "int8")
    assert packed.scale is not None
    assert ((unpack(packed) - weight).abs() <= packed.scale[..., None] * 0.501).all()


def test_the_words_of_int4_have_the_documented_order() -> None:
    """Written out anew, from the sentence in the docstring: kernels and files depend on it."""
    weight = torch.arange(256).remainder(15).sub(7).float()[None]  # every code once in a group
    packed = pack(weight, "int4", 16)
    assert packed.scale is not None
    words = packed.data[0].tolist()
    for column in range(256):
        block, rest = divmod(column, 128)
        place, lane = divmod(rest, 16)
        code = (words[16 * block + lane] >> (4 * place)) & 15
        assert (code - 8) * float(packed.scale[0, column // 16]) == weight[0, column]


@pytest.mark.parametrize("format", FORMATS)
def test_codes_come_back_as_they_went(format: Format) -> None:
    weight = torch.randn(3, 4, 128, generator=torch.Generator().manual_seed(1))
    once = unpack(pack(weight, format, 32))
    packed = pack(once, format, 32)
    torch.testing.assert_close(unpack(packed), once, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(unpack(packed[1]), unpack(packed)[1])
    torch.testing.assert_close(unpack(packed[1][torch.tensor([3, 0])]), unpack(packed)[1, [3, 0]])
    assert (len(packed), packed.rows, packed.count) == (3, 4, 3 * 4 * 128)
    assert packed.nbytes == {"float": 6144, "int8": 1536 + 48, "int4": 768 + 96}[format]


def test_a_matrix_of_zeros_stays_one() -> None:
    for format in FORMATS:
        assert not unpack(pack(torch.zeros(2, 128), format)).any()


def test_what_cannot_be_packed_is_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match="groups of 16, 32, 64, 128 columns, not 48"):
        pack(torch.zeros(1, 128), "int4", 48)
    with pytest.raises(ValueError, match="not a finite number"):
        pack(torch.tensor([[float("nan")]]), "int8")


def test_a_float_matrix_stays_what_it_is() -> None:
    weight = torch.randn(2, 3)
    assert unpack(Packed("float", weight, 3)) is weight


@pytest.mark.parametrize("format", ["int8", "int4"])
def test_a_matrix_that_lies_by_columns_is_packed_by_rows(format: Format) -> None:
    weight = torch.randn(128, 5, generator=torch.Generator().manual_seed(2))
    packed = pack(weight.t(), format)
    assert packed.data.is_contiguous()
    assert torch.equal(unpack(packed), unpack(pack(weight.t().contiguous(), format)))


@given(panels=st.integers(1, 5), columns=st.integers(1, 40), experts=st.integers(0, 3), seed=st.integers(0, 2**32))
def test_panels_hold_the_same_numbers(panels: int, columns: int, experts: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = (*([experts] if experts else []), panels * PANEL, columns)
    weight = torch.randn(shape, generator=generator).bfloat16()
    found = panelled(weight)
    assert (found.rows, found.columns, found.count, len(found)) == (shape[-2], columns, weight.numel(), shape[0])
    assert torch.equal(unpack(found, torch.bfloat16), weight)
    if experts:
        assert torch.equal(unpack(found[experts - 1], torch.bfloat16), weight[experts - 1])
    else:
        assert torch.equal(unpack(found[:PANEL]), weight[:PANEL].float())
        rows = torch.tensor([0, shape[0] - 1, 3])
        assert torch.equal(unpack(found[rows]), weight[rows].float())


def test_panels_have_the_documented_order() -> None:
    weight = torch.arange(32 * 3).view(32, 3).bfloat16()
    data = panelled(weight).data
    for panel, column, place in ((0, 0, 0), (0, 2, 1), (1, 1, 6), (1, 2, 15)):
        output = 16 * panel + place // 2 + 8 * (place % 2)
        assert data[panel, column, place] == weight[output, column]

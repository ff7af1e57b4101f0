import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.kernels import blockwise
from mellum_ls.kernels.blockwise import product
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack


@given(
    kind=st.sampled_from(FORMATS),
    tokens=st.integers(1, 4),
    rows=st.integers(1, 40),
    columns=st.integers(1, 300),
    group=st.sampled_from([16, 32, 64, 128]),
    cached=st.integers(1, 4000),
)
def test_is_the_product_with_what_the_codes_stand_for(
    kind: Format, tokens: int, rows: int, columns: int, group: int, cached: int
) -> None:
    """However few rows are unpacked at a time, and whatever the shape leaves over."""
    generator = torch.Generator().manual_seed(rows * columns)
    x = torch.randn(tokens, columns, generator=generator)
    weight = pack(torch.randn(rows, columns, generator=generator), kind, group)
    whole = blockwise.CACHED_NUMBERS
    blockwise.CACHED_NUMBERS = cached
    try:
        found = product(x, weight)
    finally:
        blockwise.CACHED_NUMBERS = whole
    wanted = (x.double() @ unpack(weight, torch.float64).T).float()
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=3e-5)


def test_floats_of_another_dtype_are_multiplied_as_they_are() -> None:
    weight = torch.randn(5, 7, generator=torch.Generator().manual_seed(3)).bfloat16()
    x = torch.randn(2, 7, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(product(x, Packed("float", weight, 7)), x @ weight.float().T)


@pytest.mark.parametrize("kind", ["int8", "int4"])
def test_never_more_than_some_rows_are_unpacked(kind: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    floats = blockwise._floats

    def watched(weight: Packed, room: torch.Tensor) -> torch.Tensor:
        seen.append(room.numel())
        return floats(weight, room)

    monkeypatch.setattr(blockwise, "_floats", watched)
    monkeypatch.setattr(blockwise, "CACHED_NUMBERS", 10 * 128)
    product(torch.ones(1, 128), pack(torch.ones(64, 128), kind))
    assert len(seen) == 7
    assert max(seen) <= 10 * 128

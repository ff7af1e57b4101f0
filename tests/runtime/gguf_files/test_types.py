import numpy
import pytest
import torch
from gguf.constants import GGMLQuantizationType
from gguf.quants import dequantize, quantize

from mellum_ls.runtime.gguf_files.types import FLOATS, READABLE, block_of, numbers_of, stored_bytes, type_name


def test_what_can_be_read_is_what_the_package_can_make_numbers_of() -> None:
    found = {"F32", "F16"}
    for kind in GGMLQuantizationType:
        try:
            dequantize(numpy.zeros((1, block_of(kind.name)[1]), dtype=numpy.uint8), kind)
        except NotImplementedError:
            continue
        found.add(kind.name)
    assert set(READABLE) == found
    assert set(FLOATS) <= found


def test_names_of_types() -> None:
    assert [type_name(int(kind)) for kind in GGMLQuantizationType] == [kind.name for kind in GGMLQuantizationType]
    assert type_name(12345) == "number 12345"


# The largest error as a part of the largest number: half a step of the scale; bfloat16 and MXFP4 have steps that grow.
@pytest.mark.parametrize(
    ("kind", "error"),
    [("F32", 0), ("F16", 2**-11), ("BF16", 2**-8), ("Q8_0", 0.5 / 127 + 1e-4), ("Q4_0", 0.13), ("MXFP4", 0.26)],
)
def test_numbers_come_back_within_the_error_of_their_type(kind: str, error: float) -> None:
    numbers = torch.randn(3, 5, 64, generator=torch.Generator().manual_seed(0))
    stored = quantize(numbers.numpy(), GGMLQuantizationType[kind])
    size = stored_bytes(kind, 64)
    assert size is not None
    assert stored.nbytes == 15 * size
    found = numbers_of(bytearray(stored.tobytes()), kind, (3, 5, 64))
    assert found.dtype == FLOATS.get(kind, torch.float32)
    assert (found.float() - numbers).abs().max() <= error * numbers.abs().max()


def test_rows_that_do_not_end_with_a_block() -> None:
    assert stored_bytes("Q8_0", 48) is None
    assert stored_bytes("Q4_K", 128) is None
    assert stored_bytes("BF16", 3) == 6

import logging

import pytest
import torch
from torch import Tensor

from mellum_ls.kernels.dispatch import Op


def plain(x: Tensor) -> str:
    return "reference"


def fast(x: Tensor) -> str:
    return "triton"


def test_the_kernel_is_chosen_where_it_is_supported_and_loaded_once_per_dtype() -> None:
    loads: list[str] = []

    def load() -> object:
        loads.append("load")
        return fast

    op = Op("op", plain, load, lambda device, dtype: None if dtype == torch.float32 else "only float32")
    assert [op(torch.zeros(1)) for _ in range(3)] == ["triton"] * 3
    assert op(torch.zeros(1, dtype=torch.bfloat16)) == "reference"
    assert loads == ["load"]


def test_a_fallback_says_why_exactly_once(caplog: pytest.LogCaptureFixture) -> None:
    op = Op("swoosh", plain, lambda: fast, lambda device, dtype: "the moon is wrong")
    with caplog.at_level(logging.DEBUG, logger="mellum_ls.kernels.dispatch"):
        for _ in range(3):
            assert op(torch.zeros(1)) == "reference"
    assert len(caplog.messages) == 1
    assert "swoosh" in caplog.text
    assert "the moon is wrong" in caplog.text


def test_without_a_kernel_the_reference_runs() -> None:
    assert Op("op", plain)(torch.zeros(1)) == "reference"

import logging

import pytest
import torch
from torch import Tensor

from mellum_ls.kernels import dispatch
from mellum_ls.kernels.dispatch import Op, triton_serves


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


def test_a_triton_kernel_is_for_what_it_can_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reason names what is wanting. No GPU is asked for: its capability is what torch would say."""
    gpu, dtype = torch.device("cuda"), torch.bfloat16
    assert "cpu" in str(triton_serves(torch.device("cpu"), dtype))
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 6))
    monkeypatch.setattr(dispatch, "find_spec", lambda name: object())
    assert triton_serves(gpu, dtype) is None
    assert "float64" in str(triton_serves(gpu, torch.float64))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert "this device has 7.5" in str(triton_serves(gpu, dtype))
    monkeypatch.setattr(dispatch, "find_spec", lambda name: None)
    assert "not installed" in str(triton_serves(gpu, dtype))

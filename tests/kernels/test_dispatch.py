import logging

import pytest
import torch
from torch import Tensor

from mellum_ls.kernels.dispatch import Op, on_tensor_cores


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


@pytest.mark.parametrize(
    ("capability", "dtype", "reason"),
    [
        ((7, 5), torch.bfloat16, "older than compute capability 8.0"),
        ((9, 0), torch.float64, "no torch.float64"),
        ((8, 6), torch.float32, None),
    ],
)
def test_a_kernel_for_tensor_cores_wants_a_gpu_that_has_them(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], dtype: torch.dtype, reason: str | None
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    found = on_tensor_cores(torch.device("cuda"), dtype)
    assert found is None if reason is None else reason in (found or "")


def test_a_cpu_is_no_gpu() -> None:
    assert on_tensor_cores(torch.device("cpu"), torch.float32) == "its kernel is written for NVIDIA's GPUs"

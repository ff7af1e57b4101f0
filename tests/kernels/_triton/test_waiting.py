import pytest
import torch
import triton
import triton.language as tl

from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.waiting import wait

CHAIN = 40


@triton.jit
def _add_one(x_ptr, out_ptr, N: tl.constexpr, EARLY: tl.constexpr = False):
    places = tl.program_id(0) * N + tl.arange(0, N)
    wait(EARLY)
    tl.store(out_ptr + places, tl.load(x_ptr + places) + 1)


def launch(x: torch.Tensor, out: torch.Tensor) -> Launch:
    return Launch("add", _add_one, (x.numel() // 256,), {"x_ptr": x, "out_ptr": out}, {"N": 256}, 1, 1, 0, 0)


def test_without_overlap_it_is_nothing(device: torch.device) -> None:
    x, out = torch.zeros(512, device=device), torch.empty(512, device=device)
    launch(x, out).run()
    assert (out == 1).all()


def test_a_launch_that_overlaps_is_told_so() -> None:
    one = launch(torch.zeros(256), torch.zeros(256))
    assert (one.waiting(True).early, one.waiting(True).constants["EARLY"]) == (True, True)
    assert (one.waiting(False).early, one.waiting(False).constants["EARLY"]) == (False, True)
    assert not one.early


@pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability() < (9, 0), reason="no GPU overlaps launches here"
)
@pytest.mark.parametrize("early", [True, False])
def test_each_launch_sees_what_the_one_before_wrote(early: bool) -> None:
    """Many short programs, so that the next launch has room to begin: without waiting it would read too soon."""
    buffers = [torch.zeros(1 << 22, device="cuda"), torch.zeros(1 << 22, device="cuda")]
    for index in range(CHAIN):
        launch(buffers[index % 2], buffers[(index + 1) % 2]).waiting(early).run()
    assert (buffers[CHAIN % 2] == CHAIN).all()

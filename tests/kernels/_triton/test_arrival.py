import torch
import triton
import triton.language as tl

from mellum_ls.kernels._triton.arrival import last_to_arrive


@triton.jit
def _sum(parts_ptr, out_ptr, times_ptr, counter_ptr, PROGRAMS: tl.constexpr):
    tl.store(parts_ptr + tl.program_id(0), tl.program_id(0) + 1)
    if last_to_arrive(counter_ptr, PROGRAMS):
        parts = tl.load(parts_ptr + tl.arange(0, PROGRAMS), cache_modifier=".cg")
        tl.store(out_ptr, tl.sum(parts, axis=0))
        tl.atomic_add(times_ptr, 1)


def test_one_program_sees_what_all_have_stored_and_so_again_in_the_next_launch(device: torch.device) -> None:
    out, times, counter = (torch.zeros(1, dtype=torch.int32, device=device) for _ in range(3))
    for launches in range(1, 4):
        parts = torch.zeros(16, dtype=torch.int32, device=device)
        _sum[(16,)](parts, out, times, counter, 16)
        assert (out.item(), times.item(), counter.item()) == (136, launches, 0)

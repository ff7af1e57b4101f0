"""How programs of one launch hand their parts to the last of them, without waiting for one another."""

import triton
import triton.language as tl


@triton.jit
def last_to_arrive(counter_ptr, programs):
    """Whether `programs` programs have been here with this one, whose stores before this call the last one then sees.

    The counter is 0 before the first and again behind the last, so that a launch can be repeated. What others have
    stored must be loaded past the first cache, which does not hear of it: with the cache modifier ".cg".
    """
    tl.debug_barrier()
    last = tl.atomic_add(counter_ptr, 1, sem="acq_rel") == programs - 1
    if last:
        tl.store(counter_ptr, 0)
    return last

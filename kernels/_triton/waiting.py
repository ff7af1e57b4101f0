"""A launch that begins before the one before it has ended (programmatic dependent launch, from sm_90 on).

Starting a kernel takes longer than many of ours run. Begun early, it reads what no launch of the step writes, weights
above all, while the one before finishes. `wait` comes before anything else that another launch has written.
"""

import triton
import triton.language as tl


@triton.jit
def wait(EARLY: tl.constexpr):
    """Wait for the launch before this one, and only then let the next one begin.

    In this order whatever the launch before the last has written is there from the start: it ended before the last one
    let this one begin. Without EARLY the launches follow one another anyway; a launch that was not begun early does not
    wait, and still lets the next one begin.
    """
    if EARLY:
        tl.extra.cuda.gdc_wait()
        tl.extra.cuda.gdc_launch_dependents()

"""What all tests share: property tests try the same cases on every machine and are never judged by the clock."""

import os

from hypothesis import settings

# Before anything imports torch: its threads wait for each other in loops, which takes the processor from the tests
# beside and makes small models many times slower on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

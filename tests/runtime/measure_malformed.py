"""`python -m tests.runtime.measure_malformed [NUMBER]`: many more damaged weight files than the suite has time for.

Prints how many were tried, the longest that one took, and how much the process grew.
"""

import resource
import sys
import time

from hypothesis import HealthCheck, given, settings

from tests.runtime.test_safetensors_header import files, never_more_than_a_fault


def main(number: int) -> None:
    times: list[float] = []

    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(files)
    def attempt(content: bytes) -> None:
        started = time.perf_counter()
        never_more_than_a_fault(content)
        times.append(time.perf_counter() - started)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    attempt()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sys.stdout.write(
        f"{len(times)} files, the longest took {max(times) * 1000:.0f} ms, {grown / 1024:.0f} MB more memory\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)

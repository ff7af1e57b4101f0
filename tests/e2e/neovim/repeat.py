"""All scenes in Neovim, time after time: `python -m tests.e2e.neovim.repeat 50` in the repository root.

Each scene has an editor and a server of its own; the model process is started once. Prints passes and times; ends with
1 at the first failure.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

# The root is not to shadow packages of the names of its folders; `tests` has been found by now.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path.cwd()]

from tests.e2e.neovim.driver import NeovimError, missing  # noqa: E402
from tests.e2e.neovim.session import SCENES, model_process  # noqa: E402


def main(repeats: int) -> int:
    """Run the scenes so often; the exit code."""
    if reason := missing():
        sys.stdout.write(f"{reason}\n")
        return 2
    times: dict[str, list[float]] = {scene.__name__: [] for scene in SCENES}
    with tempfile.TemporaryDirectory(prefix="nvim-") as shared, model_process(Path(shared)) as environment:
        for number in range(1, repeats + 1):
            for scene in SCENES:
                started = time.perf_counter()
                try:
                    with tempfile.TemporaryDirectory(prefix="nvim-") as folder:
                        asyncio.run(scene(Path(folder), environment))
                except (AssertionError, NeovimError) as error:
                    sys.stdout.write(f"{scene.__name__} failed in round {number}: {error}\n")
                    return 1
                times[scene.__name__].append(time.perf_counter() - started)
            sys.stdout.write(f"round {number} passed\n")
            sys.stdout.flush()
    for name, seconds in times.items():
        low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
        sys.stdout.write(f"{name}: {len(seconds)} of {repeats}, {middle:.1f} s ({low:.1f}-{high:.1f})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))

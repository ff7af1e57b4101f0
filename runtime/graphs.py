"""Replays what was launched once: a CUDA graph for each kind of step, captured when it is first needed.

Knows launches and how to capture them, not what they compute. What changes between two replays lies in memory that the
launches read.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch

logger = logging.getLogger(__name__)

MOST_GRAPHS = 96
"""One for each number of rows, of which drafts make use of all, and each length of context that a session meets."""


class Graphs:
    """Runs work by its key: captured on a CUDA device, called directly elsewhere or where capturing fails."""

    def __init__(self, device: torch.device, most: int = MOST_GRAPHS) -> None:
        self._device, self._most = device, most
        self._captured: OrderedDict[Hashable, torch.cuda.CUDAGraph] = OrderedDict()
        # All graphs share their memory: only one runs at a time.
        self._pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        self.captures = 0
        self.reason = None if device.type == "cuda" else f"there are no graphs on the device {device.type!r}"
        """Why work is launched piece by piece; None where it is replayed."""

    def __len__(self) -> int:
        return len(self._captured)

    def run(self, key: Hashable, work: Callable[[], None]) -> None:
        """Do `work`, which must launch the same with the same arguments whenever it has this key."""
        if self.reason is not None:
            work()
            return
        graph = self._captured.get(key)
        if graph is None:
            self._capture(key, work)
        else:
            self._captured.move_to_end(key)
            graph.replay()

    def _capture(self, key: Hashable, work: Callable[[], None]) -> None:
        """Do the work and keep a graph of it. What cannot be captured once is not tried again."""
        # Outside of the graph: kernels are compiled then, which a capture does not allow. The capture itself does
        # nothing, so that the work is done once, and may read what it writes.
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            work()
        torch.cuda.current_stream(self._device).wait_stream(stream)
        while len(self._captured) >= self._most:
            self._captured.popitem(last=False)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=self._pool):
                work()
        except RuntimeError as error:
            self.reason = f"the capture of {key} failed: {error}"
            logger.warning("steps are launched kernel by kernel from now on, which is slower: %s", self.reason)
            return
        self.captures += 1
        self._captured[key] = graph

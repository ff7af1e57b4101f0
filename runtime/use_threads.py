"""On how many threads this process computes: torch, and the compiled layers, which take more for several rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mellum_ls.kernels._cpu.binding import Library, library
from mellum_ls.runtime.threads import all_threads, default_threads


def use_threads(threads: int | None) -> None:
    """Compute on so many threads from now on; None: on as many as suit the machine, see `default_threads`."""
    torch.set_num_threads(threads or default_threads())
    found = library()
    if isinstance(found, Library):
        found.set_threads(threads or default_threads(), threads or all_threads())


def threads_in_use() -> tuple[int, int]:
    """The threads of passes over one token, and over several."""
    found = library()
    few = torch.get_num_threads()
    return (few, found.threads[1]) if isinstance(found, Library) and found.threads[0] == few else (few, few)


@contextmanager
def most_threads() -> Iterator[None]:
    """Let torch compute on all threads that anything of ours may use, while this lasts."""
    before, (_, many) = torch.get_num_threads(), threads_in_use()
    torch.set_num_threads(max(before, many))
    try:
        yield
    finally:
        torch.set_num_threads(before)

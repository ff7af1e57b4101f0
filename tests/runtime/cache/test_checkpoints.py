import torch

from mellum_ls.runtime.cache.checkpoints import Checkpoint, CheckpointShelf

ONE = 2 * 4 * 4


def checkpoint(position: int) -> Checkpoint:
    """Keys and values of four floats."""
    return Checkpoint(position, [torch.zeros(4)], [torch.zeros(4)])


def test_the_least_recently_used_go_first() -> None:
    shelf = CheckpointShelf(2 * ONE)
    first, second, third = (checkpoint(position) for position in range(3))
    shelf.put(first)
    shelf.put(second)
    assert shelf.num_bytes == 2 * ONE
    shelf.touch(first)
    shelf.put(third)
    assert (first.evicted, second.evicted, third.evicted) == (False, True, False)
    assert (second.num_bytes, shelf.num_bytes) == (0, 2 * ONE)


def test_one_that_does_not_fit_is_not_kept_and_costs_the_others_nothing() -> None:
    shelf = CheckpointShelf(2 * ONE)
    small = checkpoint(0)
    shelf.put(small)
    large = Checkpoint(1, [torch.zeros(99)], [torch.zeros(99)])
    shelf.put(large)
    assert (large.evicted, small.evicted) == (True, False)
    assert shelf.num_bytes == ONE


def test_what_no_cache_holds_takes_no_room() -> None:
    shelf = CheckpointShelf(2 * ONE)
    for position in range(5):
        shelf.put(checkpoint(position))
    assert shelf.num_bytes == 0

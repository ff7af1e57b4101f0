from collections.abc import Iterator

import pytest
import torch

from mellum_ls.kernels._cpu.binding import Library, library
from mellum_ls.runtime.threads import all_threads, default_threads
from mellum_ls.runtime.use_threads import most_threads, threads_in_use, use_threads


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
    found = library()
    if isinstance(found, Library):
        found.set_threads(1, 1)


@pytest.mark.parametrize("wanted", [1, 3])
def test_a_number_holds_for_everything(wanted: int) -> None:
    use_threads(wanted)
    assert torch.get_num_threads() == wanted
    assert threads_in_use() == (wanted, wanted)


def test_by_itself_compiled_layers_take_all_cores_for_many_tokens() -> None:
    use_threads(None)
    assert torch.get_num_threads() == default_threads()
    compiled = isinstance(library(), Library)
    assert threads_in_use() == (default_threads(), all_threads() if compiled else default_threads())


def test_what_is_measured_beside_may_use_as_many() -> None:
    use_threads(None)
    _, many = threads_in_use()
    with most_threads():
        assert torch.get_num_threads() == many
    assert torch.get_num_threads() == default_threads()

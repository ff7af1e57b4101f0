import os

import pytest

from mellum_ls.runtime.threads import MAX_THREADS, all_threads, available_cores, default_threads


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 1), (3, 2), (8, 7), (9, 8), (64, MAX_THREADS)])
def test_one_core_is_left_to_others(cores: int, expected: int) -> None:
    assert default_threads(cores) == expected


def test_the_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 3, 5, 7, 9}, raising=False)
    assert (available_cores(), default_threads()) == (5, 4)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert (available_cores(), default_threads()) == (4, 3)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert (available_cores(), default_threads()) == (1, 1)


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 2), (8, 8), (64, MAX_THREADS)])
def test_many_tokens_are_computed_on_all_cores(cores: int, expected: int) -> None:
    assert all_threads(cores) == expected

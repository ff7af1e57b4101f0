import threading
from pathlib import Path

from mellum_ls.runtime.file_lock import lock_within, open_lock_file, try_lock


def test_one_at_a_time_and_closing_gives_it_back(tmp_path: Path) -> None:
    first, second = open_lock_file(tmp_path / "lock"), open_lock_file(tmp_path / "lock")
    assert try_lock(first)
    assert not try_lock(second)
    first.close()
    assert try_lock(second)
    second.close()


def test_a_lock_that_does_not_come_in_time_is_given_up(tmp_path: Path) -> None:
    first, second = open_lock_file(tmp_path / "lock"), open_lock_file(tmp_path / "lock")
    assert lock_within(first, 5)
    assert not lock_within(second, 0.01)
    second.close()
    first.close()


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    first, second = open_lock_file(tmp_path / "lock"), open_lock_file(tmp_path / "lock")
    assert try_lock(first)
    found: list[bool] = []
    waiter = threading.Thread(target=lambda: found.append(lock_within(second, 60)))
    waiter.start()
    first.close()
    waiter.join()
    assert found == [True]
    second.close()

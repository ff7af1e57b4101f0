from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mellum_ls.runtime.client.address import Address, Kind, address_of, read_token_file
from mellum_ls.runtime.errors import RuntimeUnavailable, SettingError
from mellum_ls.runtime.service.instance import Instance, claim


def address(tmp_path: Path, kind: Kind = "unix") -> Address:
    return address_of(tmp_path, tmp_path / "run", kind)


@contextlib.contextmanager
def claimed(where: Address) -> Iterator[Instance]:
    instance = claim(where)
    assert instance is not None
    try:
        yield instance
    finally:
        instance.withdraw()
        instance.release()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_files_are_private_and_name_this_process(tmp_path: Path, kind: Kind) -> None:
    where = address(tmp_path, kind)
    with claimed(where) as instance:
        assert (mode(where.directory), mode(where.socket_path), mode(where.lock_path)) == (
            0o700,
            0o600,
            0o600,
        )
        assert stat.S_ISSOCK(where.socket_path.stat().st_mode) == (kind == "unix")
        assert int(where.lock_path.read_text()) == os.getpid()
        assert bool(instance.token) == (kind == "tcp")
        if kind == "tcp":
            assert read_token_file(where.socket_path)[1] == instance.token
            assert instance.listener.getsockname()[0] == "127.0.0.1"
    assert not where.socket_path.exists()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_second_claim_finds_the_first(tmp_path: Path, kind: Kind) -> None:
    where = address(tmp_path, kind)
    with claimed(where):
        assert claim(where) is None
    with claimed(where):
        pass


def test_what_a_crash_left_behind_is_written_over(tmp_path: Path) -> None:
    where = address(tmp_path)
    where.directory.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(where.socket_path))
    where.lock_path.write_text("4294967 and more\n")
    with claimed(where):
        assert where.lock_path.read_text() == f"{os.getpid()}\n"
        assert claim(where) is None


def test_a_process_on_its_way_out_is_waited_for(tmp_path: Path) -> None:
    where = address(tmp_path)
    ending = claim(where)
    assert ending is not None
    ending.withdraw()
    found: list[Instance | None] = []
    waiting = threading.Thread(target=lambda: found.append(claim(where)))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    ending.release()
    waiting.join(10)
    [successor] = found
    assert successor is not None
    successor.withdraw()
    successor.release()


def test_a_process_that_hangs_on_to_the_lock_is_named(tmp_path: Path) -> None:
    where = address(tmp_path)
    hung = claim(where)
    assert hung is not None
    hung.withdraw()
    with pytest.raises(RuntimeUnavailable, match=f"process {os.getpid()} holds .*and does not listen"):
        claim(where, seconds=0.1)
    hung.release()
    with claimed(where):  # the attempt that was given up does not get the lock after all
        pass


def test_the_socket_of_a_successor_is_left_alone(tmp_path: Path) -> None:
    where = address(tmp_path)
    with claimed(where):
        for name in where.directory.iterdir():
            name.unlink()
        with claimed(where) as second:
            pass
        third = claim(where)
        assert third is not None
        assert third is not second
    assert where.socket_path.exists()
    third.withdraw()
    third.release()
    assert not where.socket_path.exists()


def test_an_unsafe_folder_is_refused(tmp_path: Path) -> None:
    where = address(tmp_path)
    where.directory.mkdir()
    where.directory.chmod(0o777)
    with pytest.raises(SettingError, match="0777"):
        claim(where)

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from mellum_ls.runtime.client.address import (
    address_at,
    address_of,
    dial,
    prepare_directory,
    read_token_file,
    write_token_file,
)
from mellum_ls.runtime.errors import SettingError


def test_one_address_per_model_however_it_is_spelled(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "link").symlink_to("a")
    a = address_of(tmp_path / "a", tmp_path)
    assert address_of(tmp_path / "b" / ".." / "a", tmp_path) == a
    assert address_of(tmp_path / "link", tmp_path) == a
    assert address_of(tmp_path / "b", tmp_path) != a
    assert a.directory == tmp_path


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_an_address_is_found_again_from_its_socket_path(tmp_path: Path, kind: str) -> None:
    address = address_of(tmp_path, tmp_path, "tcp" if kind == "tcp" else "unix")
    assert address_at(address.socket_path) == address


def test_paths_that_cannot_be_sockets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"over 100 bytes long.*MELLUM_RUNTIME_DIR"):
        address_of(tmp_path, tmp_path / ("x" * 100))
    with pytest.raises(SettingError, match="should be an absolute path"):
        address_at(Path("relative.sock"))
    with pytest.raises(SettingError, match=r"ends in \.sock or \.token"):
        address_at(tmp_path / "socket")


def test_the_folder_is_made_private_with_its_parents(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    prepare_directory(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    prepare_directory(folder)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o755, 0o701])
def test_a_folder_open_to_others_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(SettingError, match=rf"{folder} has mode {mode:04o}: other users.*chmod 700"):
        prepare_directory(folder)


def test_a_link_a_file_or_an_impossible_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(SettingError, match="is a link or a file"):
        prepare_directory(tmp_path / "link")
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="cannot be made"):
        prepare_directory(tmp_path / "file" / "run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, -1)
    with pytest.raises(SettingError, match="belongs to user 12345"):
        prepare_directory(folder)


def test_token_files_are_private_and_bad_ones_are_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.token"
    write_token_file(path, 4711, "aa")
    write_token_file(path, 4712, "bb")
    assert read_token_file(path) == (4712, "bb")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.token"]
    for content in ("", "[]", "{}", '{"port": "x", "token": ""}'):
        path.write_text(content)
        with pytest.raises(FileNotFoundError):
            read_token_file(path)


def test_nothing_listening_is_none(tmp_path: Path) -> None:
    for kind in ("unix", "tcp"):
        address = address_of(tmp_path, tmp_path, "tcp" if kind == "tcp" else "unix")
        assert asyncio.run(dial(address)) is None
        address.socket_path.touch()
        assert asyncio.run(dial(address)) is None

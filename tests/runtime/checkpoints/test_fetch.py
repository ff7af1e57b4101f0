import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mellum_ls.runtime.checkpoints.fetch import PART, Fetcher, mismatch
from mellum_ls.runtime.checkpoints.hub import Hub, RemoteFile
from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.errors import HubUnavailable, NoRoomLeft
from tests.fakes.hub import HubState, hub_server

MODEL = HubModel("a/b")
FULL = Path("/dev/full")
NAME = "model.safetensors"
CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def state() -> HubState:
    return HubState(MODEL.id, {NAME: CONTENT, "config.json": b""})


class Heard(list[tuple[str, int, bool]]):
    def __call__(self, file: RemoteFile, done: int, /, *, checking: bool = False) -> None:
        self.append((file.name, done, checking))


@pytest.fixture
def fetcher(state: HubState) -> Iterator[Fetcher]:
    with hub_server(state) as address:
        hub = Hub(address, timeout=10)
        yield Fetcher(hub, hub.ask(MODEL), lambda failed: None, Heard(), most_tries=3)


def the(fetcher: Fetcher, name: str) -> RemoteFile:
    return next(file for file in fetcher.revision.files if file.name == name)


def test_what_is_heard_grows_to_the_whole(fetcher: Fetcher, tmp_path: Path) -> None:
    fetcher.fetch(the(fetcher, NAME), tmp_path / "new" / "x")
    assert (tmp_path / "new" / "x").read_bytes() == CONTENT
    heard = fetcher.listen
    assert isinstance(heard, Heard)
    for checking in (False, True):
        counts = [done for _, done, checked in heard if checked is checking]
        assert counts == sorted(counts)
        assert counts[-1] == len(CONTENT)


def test_an_empty_file(fetcher: Fetcher, tmp_path: Path) -> None:
    fetcher.fetch(the(fetcher, "config.json"), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b""


def test_answers_about_the_moment_are_waited_out_and_others_are_not(
    state: HubState, fetcher: Fetcher, tmp_path: Path
) -> None:
    state.refuses[NAME] = [503, 429]
    fetcher.fetch(the(fetcher, NAME), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT
    state.refuses[NAME] = [503] * 3
    with pytest.raises(HubUnavailable, match=f"answers 503 for {NAME}"):
        fetcher.fetch(the(fetcher, NAME), tmp_path / "y")
    state.refuses[NAME] = [404, 404]
    with pytest.raises(HubUnavailable, match="no longer there"):
        fetcher.fetch(the(fetcher, NAME), tmp_path / "y")
    assert len(state.refuses[NAME]) == 1


def test_a_part_that_is_too_long_is_begun_anew(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / f"x{PART}").write_bytes(CONTENT + b"more")
    fetcher.fetch(the(fetcher, NAME), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_full_disk_keeps_no_part(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / f"x{PART}").symlink_to(FULL)
    with pytest.raises(NoRoomLeft, match=rf"{tmp_path.name} is full: {NAME} needs .*HF_HUB_CACHE") as caught:
        fetcher.fetch(the(fetcher, NAME), tmp_path / "x")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_content_is_told_by_either_checksum(tmp_path: Path) -> None:
    place = tmp_path / "x"
    place.write_bytes(b"hello\n")
    git = "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
    assert mismatch(RemoteFile("x", 6, None, git), place) is None
    assert mismatch(RemoteFile("x", 6, hashlib.sha256(b"hello\n").hexdigest(), None), place) is None
    assert mismatch(RemoteFile("x", 6, "0" * 64, git), place) == (
        f"its sha256 is {hashlib.sha256(b'hello' + bytes([10])).hexdigest()}, the hub says {'0' * 64}"
    )
    assert mismatch(RemoteFile("x", 7, None, git), place) == "it has 6 bytes, the hub says 7"

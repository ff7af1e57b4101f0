"""Pulls over real HTTP from a hub on this machine: broken connections, damaged bytes, full disks."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download

from mellum_ls.runtime.checkpoints.fetch import PART
from mellum_ls.runtime.checkpoints.hub import Hub
from mellum_ls.runtime.checkpoints.hub_cache import HubModel, find_snapshot
from mellum_ls.runtime.checkpoints.pull import SPARE_BYTES, Pulled, free_bytes, pull, verify
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.errors import DamagedDownload, HubUnavailable, ModelNotFound, NoRoomLeft
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.hub import HubState, hub_server

MODEL = HubModel("JetBrains/Mellum2-small")
SHARD = "model-00002-of-00003.safetensors"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write_checkpoint(tmp_path_factory.mktemp("source"), shards=3)
    return {path.name: path.read_bytes() for path in folder.iterdir()} | {"README.md": b"# small\n"}


@pytest.fixture
def state(files: dict[str, bytes]) -> HubState:
    return HubState(MODEL.id, dict(files) | {"logo.png": b"no", "onnx/model.safetensors": b"no"})


@pytest.fixture
def address(state: HubState) -> Iterator[str]:
    with hub_server(state) as address:
        yield address


class Pauses(list[int]):
    def __call__(self, failed: int) -> None:
        self.append(failed)


def pulled(address: str, cache: Path, pauses: Pauses | None = None, model: HubModel = MODEL) -> Pulled:
    return pull(model, cache, Hub(address), Pauses() if pauses is None else pauses)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def parts(cache: Path) -> list[Path]:
    return sorted(cache.rglob(f"*{PART}"))


def test_a_model_is_fetched_once_and_found_without_the_network(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    done = pulled(address, tmp_path)
    assert content(done.folder) == files
    assert (done.files, done.fetched_files, done.bytes) == (len(files), len(files), sum(map(len, files.values())))
    assert all((done.folder / name).is_symlink() for name in files)
    asked = len(state.requests)
    assert model_directory(MODEL.id, {"HF_HUB_CACHE": str(tmp_path)}) == done.folder
    assert verify(MODEL, tmp_path).files == len(files)
    assert len(state.requests) == asked
    again = pulled(address, tmp_path)
    assert again == replace(done, fetched_files=0, fetched_bytes=0)
    assert len(state.requests) == asked + 1


def test_other_programs_find_it_where_they_look(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    """huggingface_hub asks the same hub for its own checksums, and fetches nothing."""
    done = pulled(address, tmp_path)
    served = sum(state.served.values())
    for name in files:
        found = hf_hub_download(MODEL.id, name, cache_dir=tmp_path, endpoint=address)
        assert Path(found) == done.folder / name
    assert f"HEAD /{MODEL.id}/resolve/main/{SHARD}" in state.requests
    assert sum(state.served.values()) == served


def test_a_connection_that_breaks_twice_is_taken_up_where_it_broke(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    state.breaks[SHARD] = [1000, 5000]
    pauses = Pauses()
    assert content(pulled(address, tmp_path, pauses).folder) == files
    assert state.served[SHARD] == len(files[SHARD])
    assert pauses == [1, 1]


def test_two_pulls_that_end_in_the_middle_are_taken_up_by_a_third(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    """The connection breaks, and then gives nothing more until the pull gives up; each pull is a fresh one."""
    for kept in (3000, 9000):
        state.breaks[SHARD] = [kept] * 5
        with pytest.raises(HubUnavailable, match=r"cannot be reached .* it goes on where it stopped"):
            pulled(address, tmp_path)
        assert [part.stat().st_size for part in parts(tmp_path)] == [kept]
        with pytest.raises(ModelNotFound, match=f"models pull {MODEL.id}` fetches it"):
            model_directory(MODEL.id, {"HF_HUB_CACHE": str(tmp_path)})
    state.breaks.clear()
    assert content(pulled(address, tmp_path).folder) == files
    assert state.served[SHARD] == len(files[SHARD])
    assert parts(tmp_path) == []


def test_a_hub_that_cannot_begin_in_the_middle_begins_at_the_start(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    state.ranges = False
    state.breaks[SHARD] = [1000]
    assert content(pulled(address, tmp_path).folder) == files
    assert state.served[SHARD] == 1000 + len(files[SHARD])


@pytest.mark.parametrize("name", [SHARD, "tokenizer.json"])
def test_a_damaged_file_is_noticed_and_fetched_again(
    name: str, state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    state.damages[name] = 1
    assert content(pulled(address, tmp_path).folder) == files
    assert state.served[name] == 2 * len(files[name])


@pytest.mark.parametrize(("name", "kind"), [(SHARD, "sha256"), ("tokenizer.json", "git sha1")])
def test_a_file_that_stays_damaged_is_named_and_not_kept(
    name: str, kind: str, state: HubState, address: str, tmp_path: Path
) -> None:
    state.damages[name] = 9
    with pytest.raises(DamagedDownload, match=rf"{name} came damaged twice: its {kind} is \w+, the hub says") as caught:
        pulled(address, tmp_path)
    assert caught.value.code == 5
    assert parts(tmp_path) == []
    assert find_snapshot(MODEL, tmp_path) is None
    assert not any(state.etag(name) in path.name for path in tmp_path.rglob("*"))


def test_a_part_of_another_content_is_noticed(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    state.breaks[SHARD] = [3000] * 5
    with pytest.raises(HubUnavailable):
        pulled(address, tmp_path)
    (part,) = parts(tmp_path)
    part.write_bytes(b"x" * 3000)
    assert content(pulled(address, tmp_path).folder) == files


def test_what_was_damaged_on_the_disk_is_fetched_again(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    done = pulled(address, tmp_path)
    blob = (done.folder / SHARD).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")
    with pytest.raises(DamagedDownload, match=f"{SHARD}: its sha256 is .* fetches them again"):
        verify(MODEL, tmp_path)
    again = pulled(address, tmp_path)
    assert content(again.folder) == files
    assert again.fetched_files == 1


def test_too_little_room_is_found_out_before_anything_is_written(
    files: dict[str, bytes], address: str, tmp_path: Path
) -> None:
    needed = sum(map(len, files.values())) + SPARE_BYTES
    with pytest.raises(NoRoomLeft, match=r"needs 0\.00 GB more in .* free: make room, or .* HF_HUB_CACHE") as caught:
        pull(MODEL, tmp_path, Hub(address), Pauses(), free=lambda folder: needed - 1)
    assert caught.value.code == 4
    assert list(tmp_path.iterdir()) == []
    assert pull(MODEL, tmp_path, Hub(address), Pauses(), free=lambda folder: needed).files == len(files)
    # Nothing more is needed then, however full the disk.
    assert pull(MODEL, tmp_path, Hub(address), Pauses(), free=lambda folder: 0).fetched_files == 0


def test_room_is_that_of_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") > 0


FULL = """
import resource, sys
from pathlib import Path
from mellum_ls.runtime.checkpoints.hub import Hub
from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.checkpoints.pull import pull
from mellum_ls.runtime.errors import NoRoomLeft
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
try:
    pull(HubModel(sys.argv[1]), Path(sys.argv[2]), Hub(sys.argv[3]), print)
except NoRoomLeft as error:
    print(error)
    sys.exit(error.code)
"""


def test_a_disk_that_fills_up_on_the_way_leaves_no_half_of_a_file(
    state: HubState, address: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    """The system itself refuses to write more of a file, as it does on a full disk."""
    largest = max(map(len, files.values()))
    limit = sorted(map(len, files.values()))[-2]
    given = [MODEL.id, str(tmp_path), address, str(limit)]
    done = subprocess.run([sys.executable, "-P", "-c", FULL, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    name = next(name for name, data in files.items() if len(data) == largest)
    assert f"is full: {name} needs" in done.stdout
    assert "Nothing of it is kept" in done.stdout
    assert parts(tmp_path) == []
    assert find_snapshot(MODEL, tmp_path) is None
    served = sum(state.served.values())
    assert content(pulled(address, tmp_path).folder) == files
    assert sum(state.served.values()) - served == largest
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_revision_is_found_by_its_name_and_by_its_commit(state: HubState, address: str, tmp_path: Path) -> None:
    state.branches = ("main", "v2")
    done = pulled(address, tmp_path, model=replace(MODEL, revision="v2"))
    for revision in (None, "v2", state.commit):
        assert find_snapshot(replace(MODEL, revision=revision), tmp_path) == done.folder
    assert find_snapshot(replace(MODEL, revision="v3"), tmp_path) is None


def test_offline_nothing_is_asked(state: HubState, tmp_path: Path) -> None:
    with pytest.raises(HubUnavailable, match="is not on this machine, and offline nothing is fetched"):
        verify(MODEL, tmp_path)

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.errors import StorageError
from mellum_ls.runtime.packed import store
from mellum_ls.runtime.packed.store import identity_of, place_for, room_to_write, tidy, used
from tests.fakes.checkpoints import write_checkpoint


def test_each_model_and_format_has_a_place_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a" / "m").mkdir(parents=True)
    (tmp_path / "b" / "m").mkdir(parents=True)
    places = {place_for(tmp_path, tmp_path / name / "m", kind) for name in "ab" for kind in ("int4", "int8")}
    assert len(places) == 4
    assert all(place.parent.name.startswith("m-") for place in places)


def test_revisions_of_the_hub_cache_share_their_place(tmp_path: Path) -> None:
    snapshots = tmp_path / "models--JetBrains--Mellum2" / "snapshots"
    for revision in ("one", "two"):
        (snapshots / revision).mkdir(parents=True)
    assert place_for(tmp_path, snapshots / "one", "int4") == place_for(tmp_path, snapshots / "two", "int4")


def test_another_state_of_the_weight_files_is_another_identity(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, shards=2)
    checkpoint = Checkpoint.open(tmp_path)
    first = identity_of(checkpoint)
    assert identity_of(Checkpoint.open(tmp_path)) == first
    shard = next(iter(checkpoint.tensors.values())).file
    state = shard.stat()
    os.utime(shard, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert identity_of(checkpoint) != first


def test_one_process_at_a_time_writes(tmp_path: Path) -> None:
    path = tmp_path / "new" / "int4.safetensors"
    with room_to_write(path, 10) as partial:
        assert partial.parent == path.parent
        if os.name == "posix":
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with pytest.raises(StorageError, match=r"another process is writing .*int4"), room_to_write(path, 10):
            pass
    with room_to_write(path, 10):
        pass


def test_a_full_disk_is_told_with_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: SimpleNamespace(free=3 * 10**9))
    path = tmp_path / "int4.safetensors"
    with pytest.raises(StorageError, match=r"would take 7.4 GB, and 3.0 GB are free"), room_to_write(path, 74 * 10**8):
        pass
    # What an earlier try has written already takes nothing more.
    with path.with_suffix(".partial").open("wb") as file:
        file.truncate(6 * 10**9)
    with room_to_write(path, 74 * 10**8):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file.* cannot be written to"), room_to_write(tmp_path / "file" / "x", 1):
        pass


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    files = []
    for age, name in enumerate(("old", "older", "oldest")):
        place = place_for(tmp_path, tmp_path / name, "int4")
        place.parent.mkdir(parents=True)
        place.write_bytes(bytes(100))
        os.utime(place, (1000 - age, 1000 - age))
        files.append(place)
    assert tidy(tmp_path, keep=files[0], most_bytes=300) == []
    used(files[2])
    assert tidy(tmp_path, keep=files[0], most_bytes=200) == [files[1]]
    assert tidy(tmp_path, keep=files[0], most_bytes=10) == [files[2]]
    assert files[0].exists()

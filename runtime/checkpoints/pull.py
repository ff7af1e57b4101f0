"""A whole model from a hub into the cache: what is missing, whether it fits, each file checked, and then the folder.

The folder appears last, and config.json last in it: a pull that ended early leaves nothing that looks like a model.
Knows neither the terminal nor how bytes come.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from huggingface_hub.utils import WeakFileLock

from mellum_ls.runtime.checkpoints.fetch import PART, Fetcher, Listener, mismatch, unheard
from mellum_ls.runtime.checkpoints.hub import Hub, RemoteFile, Revision
from mellum_ls.runtime.checkpoints.hub_cache import HubModel, blob_path, find_snapshot, link, write_ref
from mellum_ls.runtime.errors import DamagedDownload, HubUnavailable, NoRoomLeft

SPARE_BYTES = 64 * 1024 * 1024
"""Left free on the disk: for its own tables, and whatever else is running."""
_GIT_SHA1 = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pulled:
    """Where a model is now, and what that took. Every file of it was compared with its checksum."""

    folder: Path
    commit: str
    files: int
    bytes: int
    fetched_files: int
    fetched_bytes: int
    """Of the files that were not here whole; parts of them that were are counted, too."""


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder, which need not be there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return disk_usage(folder).free


def pull(
    model: HubModel,
    cache: Path,
    hub: Hub,
    pause: Callable[[int], None],
    *,
    listen: Listener = unheard,
    free: Callable[[Path], int] = free_bytes,
) -> Pulled:
    """Bring the model here; what is here and sound is not fetched again.

    Raises NoRoomLeft, before anything is written, where it cannot fit; otherwise as Fetcher.fetch does.
    """
    revision = hub.ask(model)
    places = {file: blob_path(model, cache, file.checksum) for file in revision.files}
    here = [file for file, place in places.items() if place.exists()]
    _require_room(revision, cache, {file: place for file, place in places.items() if file not in here}, free)
    lock = cache / ".locks" / model.folder(cache).name / "mellum-ls.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock):
        fetcher = Fetcher(hub, revision, pause, listen)
        missing = [file for file, place in places.items() if not place.exists() or mismatch(file, place, listen)]
        # Small files first: what cannot be had at all is then found out in seconds.
        for file in sorted(missing, key=lambda file: file.size):
            fetcher.fetch(file, places[file])
        folder = model.folder(cache) / "snapshots" / revision.commit
        for file in sorted(revision.files, key=lambda file: file.name == "config.json"):
            link(places[file], folder / file.name)
        write_ref(model, cache, model.revision or "main", revision.commit)
    sizes = [file.size for file in revision.files]
    return Pulled(folder, revision.commit, len(sizes), sum(sizes), len(missing), sum(file.size for file in missing))


def verify(model: HubModel, cache: Path, *, listen: Listener = unheard) -> Pulled:
    """Compare what is here with the checksums that the cache names it by; asks nobody.

    Raises HubUnavailable where the model is not here, DamagedDownload, naming all, where files are not what they were.
    """
    folder = find_snapshot(model, cache)
    if folder is None:
        raise HubUnavailable(f"{model} is not on this machine, and offline nothing is fetched: leave out --offline")
    files: list[RemoteFile] = []
    damaged: list[str] = []
    for place in sorted(folder.iterdir()):
        checksum = place.resolve().name
        if not place.exists():
            damaged.append(f"{place.name}: it is gone")
        elif _SHA256.fullmatch(checksum) or _GIT_SHA1.fullmatch(checksum):
            large = len(checksum) == 64
            size = place.stat().st_size
            files.append(RemoteFile(place.name, size, checksum if large else None, None if large else checksum))
            if found := mismatch(files[-1], place, listen):
                damaged.append(f"{place.name}: {found}")
    if damaged:
        raise DamagedDownload(
            f"{folder} has damaged files: {'; '.join(damaged)}. Without --offline the command fetches them again"
        )
    return Pulled(folder, folder.name, len(files), sum(file.size for file in files), 0, 0)


def _require_room(
    revision: Revision, cache: Path, missing: dict[RemoteFile, Path], free: Callable[[Path], int]
) -> None:
    parts = [place.with_name(place.name + PART) for place in missing.values()]
    needed = sum(file.size for file in missing) - sum(part.stat().st_size for part in parts if part.exists())
    if missing and (there := free(cache)) < needed + SPARE_BYTES:
        raise NoRoomLeft(
            f"{revision.model} needs {needed / 1e9:.2f} GB more in {cache}, {there / 1e9:.2f} GB are free: "
            "make room, or name another disk with HF_HUB_CACHE"
        )

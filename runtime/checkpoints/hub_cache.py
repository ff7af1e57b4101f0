"""Where models of a hub lie on this machine: the cache folder that huggingface_hub and transformers share.

`models--OWNER--NAME/` holds `blobs/` by checksum, `snapshots/COMMIT/` of links to them, and `refs/NAME`, the commit of
a branch or tag (https://huggingface.co/docs/huggingface_hub/guides/manage-cache). Standard library only, no network:
the language server looks a model up here.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

MAIN = "main"
_ID = re.compile(r"(?P<id>[A-Za-z0-9][\w.\-]{0,95}/[A-Za-z0-9][\w.\-]{0,95})(@(?P<revision>[\w.\-/]{1,200}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubModel:
    """The name of a model on a hub, and the branch, tag or commit that is wanted; None: main, or the only one here."""

    id: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> HubModel | None:
        """OWNER/NAME or OWNER/NAME@REVISION; None for anything else."""
        found = _ID.fullmatch(text)
        if found is None or ".." in text or "--" in text:
            return None
        return cls(found["id"], found["revision"])

    def __str__(self) -> str:
        return self.id if self.revision is None else f"{self.id}@{self.revision}"

    def folder(self, cache: Path) -> Path:
        """Where the cache keeps it."""
        return cache / ("models--" + self.id.replace("/", "--"))


def find_snapshot(model: HubModel, cache: Path) -> Path | None:
    """The folder of the model's files, if they are here and were fetched to their end; reads no weights."""
    folder = model.folder(cache)
    commit = model.revision
    if commit is None or not _COMMIT.fullmatch(commit):
        commit = _read(folder / "refs" / (model.revision or MAIN))
    if commit is None and model.revision is None:
        commits = _names(folder / "snapshots")
        commit = commits[0] if len(commits) == 1 else None
    if commit is None:
        return None
    snapshot = folder / "snapshots" / commit
    # A pull puts config.json there last; other programs may not, and then the loader says what is missing.
    try:
        return snapshot if (snapshot / "config.json").is_file() else None
    except OSError:
        return None


def shown_name(folder: Path) -> str:
    """What people call the model in this folder: of a snapshot, whose own name is a commit, the model's."""
    repository = folder.parent.parent.name
    if folder.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/", 1)
    return folder.name


def blob_path(model: HubModel, cache: Path, checksum: str) -> Path:
    """Where the content of this checksum lies, or would."""
    return model.folder(cache) / "blobs" / checksum


def link(blob: Path, place: Path) -> None:
    """Let the content appear in a snapshot: by a relative link, or a second name where links need rights."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
    try:
        place.symlink_to(os.path.relpath(blob, place.parent))
    except OSError:
        os.link(blob, place)


def write_ref(model: HubModel, cache: Path, revision: str, commit: str) -> None:
    """Remember which commit a branch or tag was at; a commit needs no name."""
    if revision == commit:
        return
    ref = model.folder(cache) / "refs" / revision
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(commit, encoding="utf-8")


def _read(file: Path) -> str | None:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return text if _COMMIT.fullmatch(text) else None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []

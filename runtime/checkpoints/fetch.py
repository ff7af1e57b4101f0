"""One file of a hub to a place on the disk: goes on where an earlier try stopped, and checks what came.

huggingface_hub's own download begins again in every process, since it keeps no part of a file (as of 2.4); a shard is
five gigabytes. What is there of a file is `CHECKSUM.mellum.incomplete` beside the place where it belongs.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx2

from mellum_ls.runtime.checkpoints.hub import Hub, RemoteFile, Revision, explained
from mellum_ls.runtime.errors import DamagedDownload, HubUnavailable, NoRoomLeft

PART = ".mellum.incomplete"
MOST_TRIES = 5
PIECE = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Listener(Protocol):
    """Whoever watches the bytes of one file."""

    def __call__(self, file: RemoteFile, done: int, /, *, checking: bool = False) -> None:
        """So many bytes of it are here; `checking` that are here already."""


def unheard(file: RemoteFile, done: int, /, *, checking: bool = False) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches files of one revision. `pause` waits between tries, given how many have failed without a byte."""

    hub: Hub
    revision: Revision
    pause: Callable[[int], None]
    listen: Listener = unheard
    most_tries: int = MOST_TRIES

    def fetch(self, file: RemoteFile, place: Path) -> None:
        """Let the whole file appear at `place`, checked; a damaged one is fetched a second time from its start.

        Raises HubUnavailable (what came so far is kept), NoRoomLeft and DamagedDownload (nothing of the file is kept).
        """
        part = place.with_name(place.name + PART)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            for last in (False, True):
                self._fill(file, part)
                if found := mismatch(file, part, self.listen):
                    part.unlink()
                    if last:
                        raise DamagedDownload(
                            f"{file.name} came damaged twice: {found}. Nothing of it is kept; try again later, or "
                            "another mirror by HF_ENDPOINT"
                        )
                    continue
                os.replace(part, place)
                return
        except OSError as error:
            if error.errno not in _FULL:
                raise
            part.unlink(missing_ok=True)
            raise NoRoomLeft(
                f"{place.parent} is full: {file.name} needs {file.size / 1e9:.2f} GB. Nothing of it is kept, other "
                "files that came whole are; make room, or name another disk with HF_HUB_CACHE"
            ) from error

    def _fill(self, file: RemoteFile, part: Path) -> None:
        failed = 0
        while (have := part.stat().st_size if part.exists() else 0) < file.size or not part.exists():
            try:
                self._stream(file, part, have)
            except (httpx2.TransportError, HubUnavailable) as error:
                came = part.exists() and part.stat().st_size > have
                failed = 1 if came else failed + 1
                fault = error if isinstance(error, HubUnavailable) else self._broken(error)
                if not fault.again or failed >= self.most_tries:
                    raise fault from None if fault is error else error
                self.pause(failed)

    def _broken(self, error: Exception) -> HubUnavailable:
        return HubUnavailable(explained(error, self.revision.model, self.hub.endpoint), again=True)

    def _stream(self, file: RemoteFile, part: Path, have: int) -> None:
        with self.hub.stream(self.revision, file, have) as (start, pieces), part.open("r+b" if have else "wb") as out:
            if start < have:
                out.truncate(start)
            out.seek(start)
            self.listen(file, start)
            for piece in pieces:
                out.write(piece)
                start += len(piece)
                self.listen(file, start)
                if start > file.size:
                    break
        if start < file.size:
            raise httpx2.RemoteProtocolError(f"{start} of {file.size} bytes came")


def mismatch(file: RemoteFile, place: Path, listen: Listener = unheard) -> str | None:
    """How the content differs from what the hub says of it, in words; None where it is the same."""
    size = place.stat().st_size
    if size != file.size:
        return f"it has {size} bytes, the hub says {file.size}"
    if file.sha256 is not None:
        kind, digest, wanted = "sha256", hashlib.sha256(), file.sha256
    else:
        # How git names content: by the SHA-1 of "blob", its length, a zero byte, and itself.
        kind, digest, wanted = "git sha1", hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), file.git_sha1 or ""
    done = 0
    with place.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
            done += len(piece)
            listen(file, done, checking=True)
    found = digest.hexdigest()
    return None if found == wanted else f"its {kind} is {found}, the hub says {wanted}"

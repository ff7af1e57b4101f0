"""What a hub says about a model, and its files as streams, through huggingface_hub: its tokens, proxies and mirrors.

Every failure becomes one line with its remedy. Does not know where files are kept.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from mellum_ls.runtime.checkpoints.hub_cache import MAIN, HubModel
from mellum_ls.runtime.checkpoints.known import RELEASES
from mellum_ls.runtime.errors import DamagedDownload, HubUnavailable

TIMEOUT_SECONDS = 30.0
# Answers that are about the moment: too slow, too many, and servers between that have lost the one behind.
PASSING = (408, 429, 500, 502, 503, 504)
# What a model folder consists of. Not pictures, not other formats of the same weights, nothing in folders.
WANTED = (".safetensors", ".json", ".jinja", ".md")
WANTED_NAMES = ("LICENSE", "NOTICE")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a revision. `sha256` is known of large files, `git_sha1`, of content and length, of small ones."""

    name: str
    size: int
    sha256: str | None
    git_sha1: str | None

    @property
    def checksum(self) -> str:
        """What the cache names the content by."""
        return self.sha256 or self.git_sha1 or ""


@dataclass(frozen=True, slots=True)
class Revision:
    """A model at one commit, and those of its files that a model folder consists of."""

    model: HubModel
    commit: str
    files: tuple[RemoteFile, ...]


class Hub:
    """The hub at `endpoint` (None: the one that HF_ENDPOINT names, or huggingface.co)."""

    def __init__(self, endpoint: str | None = None, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.endpoint = (endpoint or constants.ENDPOINT).rstrip("/")
        self._timeout = timeout

    def ask(self, model: HubModel) -> Revision:
        """The model's newest commit of the revision, main if it names none. Raises HubUnavailable."""
        revision = model.revision or MAIN
        try:
            found = HfApi(endpoint=self.endpoint).model_info(
                model.id, revision=revision, files_metadata=True, timeout=self._timeout
            )
        except (httpx2.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
            raise HubUnavailable(explained(error, model, self.endpoint)) from error
        siblings = found.siblings or []
        files = tuple(
            RemoteFile(
                sibling.rfilename,
                sibling.size or 0,
                None if sibling.lfs is None else sibling.lfs.sha256,
                sibling.blob_id,
            )
            for sibling in siblings
            if is_wanted(sibling.rfilename)
        )
        if not any(file.name.endswith(".safetensors") for file in files):
            what = "GGUF files only" if any(file.rfilename.endswith(".gguf") for file in siblings) else "no weights"
            raise HubUnavailable(f"{model} has {what}: take a repository with safetensors files")
        unknown = next((file.name for file in files if not file.checksum), None)
        if found.sha is None or unknown is not None:
            raise HubUnavailable(
                f"{self.endpoint} does not say the checksum of {unknown or model}: use another mirror, or none"
            )
        return Revision(model, found.sha, files)

    @contextmanager
    def stream(self, revision: Revision, file: RemoteFile, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The content from byte `start` on, or from where the hub begins: that byte, and pieces as they come.

        Raises HubUnavailable when the hub refuses, and httpx2.TransportError when the connection breaks.
        """
        url = huggingface_hub.hf_hub_url(revision.model.id, file.name, revision=revision.commit, endpoint=self.endpoint)
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            client = get_session()
        except OfflineModeIsEnabled as error:
            raise HubUnavailable(explained(error, revision.model, self.endpoint)) from error
        with client.stream("GET", url, headers=headers, timeout=self._timeout, follow_redirects=True) as response:
            try:
                hf_raise_for_status(response)
            except HfHubHTTPError as error:
                again = error.response.status_code in PASSING
                raise HubUnavailable(explained(error, revision.model, self.endpoint, file.name), again=again) from error
            # In the pieces that come: larger ones would be gathered, and lost when the connection breaks.
            yield _first_byte(response, start, file), response.iter_bytes()


def is_wanted(name: str) -> bool:
    """Whether a file of a repository belongs into a model folder."""
    return "/" not in name and "\\" not in name and (name.endswith(WANTED) or name in WANTED_NAMES)


def _first_byte(response: httpx2.Response, start: int, file: RemoteFile) -> int:
    if response.status_code != httpx2.codes.PARTIAL_CONTENT:
        return 0
    said = response.headers.get("Content-Range", "")
    if not said.startswith(f"bytes {start}-"):
        raise DamagedDownload(f"{file.name}: asked for the bytes from {start} on, the hub sends {said[:80]!r}")
    return start


def explained(error: Exception, model: HubModel, endpoint: str, file: str | None = None) -> str:
    """One line: what is wrong, and what helps."""
    host = urlsplit(endpoint).netloc or endpoint
    if isinstance(error, OfflineModeIsEnabled):
        return f"{model} is not fetched: HF_HUB_OFFLINE forbids the network. Unset it, or give --offline"
    if isinstance(error, GatedRepoError):
        return (
            f"{model} asks for its conditions to be accepted: do so on its page, then `hf auth login` or set HF_TOKEN"
        )
    if isinstance(error, RevisionNotFoundError):
        return f"{model.id} has no revision {model.revision!r}: leave out --revision for its main one"
    if isinstance(error, RepositoryNotFoundError):
        near = difflib.get_close_matches(model.id, [release.id for release in RELEASES], n=1, cutoff=0.4)
        hint = f"is {near[0]} meant? " if near and near[0] != model.id else ""
        return f"{host} has no model {model.id}, or it is private: {hint}`mellum-ls models list` shows what is known"
    if isinstance(error, HFValidationError):
        return f"{model} is no name of a model on a hub: wanted OWNER/NAME"
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        what = f"{host} answers {status} for {file or model}"
        if status in (401, 403):
            return f"{what}: log in with `hf auth login`, or set HF_TOKEN"
        if status == 404:
            return f"{what}: it is no longer there; run the command again for the newest revision"
        return f"{what}: run the command again later; it goes on where it stopped"
    if isinstance(error, httpx2.TransportError):
        return (
            f"{host} cannot be reached ({type(error).__name__}): check the network and proxies, or name a mirror with "
            "HF_ENDPOINT; run the command again, it goes on where it stopped"
        )
    return f"{host} does not answer as a hub does ({type(error).__name__}): check HF_ENDPOINT"

"""What a document's URI says about the file: its place on disk, its path in the workspace, whether it is a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from mellum_ls.context.privacy.secret_paths import is_secret

# Schemes of editors for what is, or will be, a part of a file; what follows is that file's path.
_OF_FILES = frozenset({"untitled", "vscode-notebook-cell"})


def file_path(uri: str) -> Path | None:
    """The file that a `file:` URI names (RFC 8089), its host left out; None where it names no path."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "file" or not rest.startswith("/"):
        return None
    if rest.startswith("//"):
        rest = rest[rest.find("/", 2) :] if "/" in rest[2:] else ""
    # Not urllib's url2pathname: urllib.request would cost 45 ms of the start.
    text = unquote(rest)
    if re.match(r"/[A-Za-z]:", text):
        text = text[1:]  # a drive of Windows
    return Path(os.path.normpath(text)) if text else None


def root_of(uri: str, roots: Sequence[str]) -> str | None:
    """The innermost of the workspace `roots` (URIs) that holds `uri`; None when none does."""
    holding = [root for root in roots if _below(uri, root) is not None]
    return max(holding, key=lambda root: len(unquote(root).rstrip("/")), default=None)


def relative_path(uri: str, roots: Sequence[str]) -> str:
    """Path of `uri` under the innermost of the workspace `roots` (URIs) that holds it; empty when none does.

    A cell of a notebook has the notebook's path, and a new document the one under which it will be saved.
    """
    root = root_of(uri, roots)
    return (_below(uri, root) or "") if root is not None else ""


def secret_reason(uri: str) -> str | None:
    """Why the document's text has to be kept back, see `is_secret`; None for other documents. Any scheme."""
    # An editor's own schemes put their arguments behind the path: git:/project/.env?{"ref":"HEAD"}, or a cell's number.
    paths = (uri, uri.partition("?")[0], uri.partition("?")[0].partition("#")[0])
    return next((reason for path in paths if (reason := is_secret(unquote(path)))), None)


def _below(uri: str, root: str) -> str | None:
    """Path of `uri` under `root`, without escapes; None when it does not lie there."""
    scheme = uri.partition(":")[0]
    if scheme in _OF_FILES:
        uri, root = _path_of(uri), _path_of(root)
    # The slashes of a root that is the whole disk, file:///, are not too many.
    base, whole = re.sub(r"(?<=[^/:])/+\Z", "", unquote(root)), unquote(uri)
    base += "" if base.endswith("/") else "/"
    return whole[len(base) :] if whole.startswith(base) else None


def _path_of(uri: str) -> str:
    """The path alone: without scheme, host, query and fragment."""
    path = re.split(r"[?#]", uri.partition(":")[2], maxsplit=1)[0]
    return re.sub(r"^//[^/]*", "", path)

"""What a document's URI says about the file: its place on disk, its path in the workspace, whether it is a secret."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote
from urllib.request import url2pathname

from mellum_ls.context.secrets import is_secret


def file_path(uri: str) -> Path | None:
    """The file that a `file:` URI names; None for other URIs and for those that name no path."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "file" or not rest.startswith("/"):
        return None
    if rest.startswith("//"):
        rest = rest[rest.find("/", 2) :] if "/" in rest[2:] else ""
    try:
        return Path(os.path.normpath(url2pathname(rest))) if rest else None
    except OSError:
        return None  # no path of this system


def relative_path(uri: str, roots: Sequence[str]) -> str:
    """Path of `uri` under the longest of the workspace `roots` (URIs) that holds it; empty when none does."""
    path = ""
    for root in roots:
        base = root.rstrip("/") + "/"
        if uri.startswith(base) and (not path or len(uri) - len(base) < len(path)):
            path = uri[len(base) :]
    return unquote(path)


def secret_reason(uri: str) -> str | None:
    """Why the document's text has to be kept back, see `is_secret`; None for other documents. Any scheme."""
    # An editor's own schemes put their arguments behind the path: git:/project/.env?{"ref":"HEAD"}
    return is_secret(unquote(uri)) or is_secret(unquote(uri.partition("?")[0]))

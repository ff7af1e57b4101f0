"""What a document's URI says about the file: its place on disk, its path in the workspace, whether it is a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from mellum_ls.context.secrets import is_secret


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

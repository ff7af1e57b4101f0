"""One JSON object from a file of a model directory, or an error that names the file and the remedy.

Knows JSON and files; what the keys mean is for whoever asks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mellum_ls.runtime.errors import ModelError

MAX_BYTES = 64 * 1024 * 1024
"""The index of the released model, the largest of these files, has half a million bytes."""
AGAIN = "Download or copy it again."


def read_object(path: Path, fault: type[ModelError]) -> dict[str, Any] | None:
    """The object in the file; None where there is no such file.

    Raises `fault` for a file that cannot be opened, is empty, too large, not UTF-8, not JSON, or JSON of another kind.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise fault(f"{path} cannot be read: {reason(error)}") from error
    if not data.strip():
        raise fault(f"{path} cannot be read as JSON: it is empty. {AGAIN}")
    if len(data) > MAX_BYTES:
        raise fault(f"{path} has more than {MAX_BYTES} bytes: it is not the file that its name says. {AGAIN}")
    raw = parsed(data, fault, str(path))
    if not isinstance(raw, dict):
        raise fault(f"{path} holds {type(raw).__name__}, wanted an object")
    return raw


def parsed(data: bytes, fault: type[ModelError], source: str) -> Any:
    """The JSON value of UTF-8 bytes; `fault` for anything else, nesting that no parser could follow included."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # The words of a UnicodeDecodeError quote what it could not read.
        words = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise fault(f"{source} cannot be read as JSON: {words}. {AGAIN}") from error


def reason(error: OSError) -> str:
    """Why a file cannot be opened, and what to do where that is known."""
    if isinstance(error, PermissionError):
        return "permission denied. Give the user who runs mellum-ls the right to read it."
    return error.strerror or type(error).__name__

"""Configuration files that say where modules are, read with mistrust: what has another shape than expected is empty.

Knows the formats; where the files lie and what follows from them is the resolvers' business.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

# What is begun and never ends goes to the end of the text: looking for each such end again would take quadratic time.
_STRING = r'("(?:\\.|[^"\\])*(?:"|\\?\Z))'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)
_GO_MODULE = re.compile(r'^[ \t]*module[ \t]+"?([^\s"]+)', re.MULTILINE)


def table(value: object) -> dict[str, Any]:
    """`value` where it is a table with names as keys, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def words(value: object) -> list[str]:
    """The strings in a list, or a string alone as a list; empty for anything else."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: object) -> str:
    """`value` where it is a string, else the empty string."""
    return value if isinstance(value, str) else ""


def parse_json(written: str) -> dict[str, Any]:
    """A JSON object, with the comments and trailing commas that TypeScript allows. ValueError for other text."""
    bare = _COMMENT.sub(lambda match: match[1] or " ", written.removeprefix("\ufeff"))
    return table(json.loads(_TRAILING_COMMA.sub(lambda match: match[1] or "", bare)))


def parse_toml(written: str) -> dict[str, Any]:
    """A TOML document. ValueError for other text."""
    return tomllib.loads(written)


def parse_go_mod(written: str) -> str:
    """The path of the module that a go.mod declares; empty where it declares none."""
    found = _GO_MODULE.search(written)
    return found[1] if found else ""

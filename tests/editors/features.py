"""The README's table of what works in which editor: `python -m tests.editors.features` writes it there.

The facts are those of editors/features.toml; nothing here knows any.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "editors" / "features.toml"
README = ROOT / "README.md"
_BETWEEN = re.compile(r"(?<=<!-- features per editor -->\n).*?(?=<!-- end of features -->)", re.DOTALL)


def read() -> tuple[dict[str, str], list[dict[str, str]]]:
    """The features in words by their keys, and the editors."""
    raw: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return raw["features"], raw["editor"]


def as_markdown() -> str:
    """The table, a row for each feature, and a last one that says where it was seen. Raises KeyError for a gap."""
    features, editors = read()
    heads = [f"[{editor['name']}]({editor['page']})" if editor["page"] else editor["name"] for editor in editors]
    rows = [["", *heads], ["---"] * (1 + len(editors))]
    rows += [[words, *(editor[key] for editor in editors)] for key, words in features.items()]
    rows.append(["seen by a test", *("yes" if editor["shown_by"] else "no" for editor in editors)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def written() -> str:
    """The table that the README holds. Raises ValueError where its marks are missing."""
    found = _BETWEEN.search(README.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{README.name} has lost the marks around its table of features")
    return found.group()


if __name__ == "__main__":
    written()
    text = README.read_text(encoding="utf-8")
    README.write_text(_BETWEEN.sub(lambda _: as_markdown(), text), encoding="utf-8")
    sys.stdout.write(f"written: {README.name}\n")

"""Whether the cursor stands in the list of an import statement, and what that imports from. Reads the text alone:
a statement that is being written has no place in a tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST_LINES = 80
_PYTHON = re.compile(r"^\s*from\s+(\S+)\s+import\b([^)#;]*)\Z", re.DOTALL)
_SCRIPT = re.compile(r"^\s*(?:import|export)\b(?:\s+type\b)?[^;{}]*\{([^;{}]*)\Z", re.DOTALL)
_SCRIPT_END = re.compile(r"[^;{}=()]*\}\s*from\s*(['\"])([^'\"\n]+)\1")
_FIRST = {"python": re.compile(r"^\s*from\s"), "script": re.compile(r"^\s*(?:import|export)\b")}
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The statement around the cursor."""

    module: str
    """As it is written."""
    names: tuple[str, ...]
    """Those that stand in the list before the cursor."""


def unfinished(lines: list[str], line: int, column: int, family: str) -> Unfinished | None:
    """The statement in whose list the cursor stands; None where it stands elsewhere, or what it imports from is not
    to be seen. `family` is `python` or `javascript`; of other languages nothing is known.
    """
    kind = "python" if family == "python" else "script"
    if family not in ("python", "javascript") or line >= len(lines):
        return None
    for row in range(line, max(-1, line - _MOST_LINES), -1):
        if _FIRST[kind].match(lines[row]):
            before = "\n".join([*lines[row:line], lines[line][:column]] if row < line else [lines[line][:column]])
            after = "\n".join([lines[line][column:], *lines[line + 1 : line + _MOST_LINES]])
            return _of_python(before) if kind == "python" else _of_script(before, after)
    return None


def _of_python(before: str) -> Unfinished | None:
    found = _PYTHON.match(before)
    # Without a bracket the statement ends with its line.
    if found is None or ("\n" in found[2] and "(" not in found[2].split("\n")[0]):
        return None
    return Unfinished(found[1], tuple(_NAME.findall(found[2])))


def _of_script(before: str, after: str) -> Unfinished | None:
    found, end = _SCRIPT.match(before), _SCRIPT_END.match(after)
    if found is None or end is None:
        return None
    return Unfinished(end[2], tuple(name for name in _NAME.findall(found[1]) if name not in ("type", "as")))


def means(module: str, path: str) -> bool:
    """Whether the file at `path` can be what `module` names: their last parts are equal."""
    last = re.split(r"[./\\]+", re.sub(r"\.[cm]?[jt]sx?$", "", module).rstrip("./"))[-1]
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    if stem in ("__init__", "index"):
        return not last or (bool(folders) and folders[-1] == last)
    return stem == last

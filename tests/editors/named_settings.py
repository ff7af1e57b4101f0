"""Which of the server's settings the files under editors/ name, whatever language they are written in.

Knows how a client says them in Lua, JSON, TOML, Emacs Lisp and TypeScript, and in the code of its documents; not which
of them exist.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.settings.fields import SECTION

FOLDER = Path(__file__).resolve().parents[2] / "editors"
_MADE = {"node_modules", "dist", "out", "build", ".vscode-test"}
# A setting of a client's own, which it does not hand to the server: its name below the section.
_OWN = re.compile(r"server\.\w+")
_CONFIGURATION = r"getConfiguration\(\s*(?:SECTION|['\"]mellum['\"])[^)]*\)\s*\.\s*\w+(?:<[^>]*>)?\(\s*['\"]([\w.]+)"


def files() -> list[Path]:
    """Every file that people have written there."""
    return [path for path in sorted(FOLDER.rglob("*")) if path.is_file() and not _MADE & {*path.parts}]


def of_file(path: Path) -> set[str]:
    """The settings that a file names; none for a kind of file that can name none."""
    reader = READERS.get(path.suffix)
    return set() if reader is None else set(reader(path.read_text(encoding="utf-8")))


def of_lua(text: str) -> Iterator[str]:
    """`mellum = { name = ... }` and what is handed to the plugin's own `configure({ name = ... })`."""
    for start in re.finditer(r"(?:\bmellum\s*=\s*|\bconfigure\()\{", text):
        yield from re.findall(r"(?:^|[{,])\s*(\w+)\s*=", _outer(text, start.end(), "{}"))


def of_elisp(text: str) -> Iterator[str]:
    """`:mellum (:name value ...)`."""
    for start in re.finditer(r":mellum\s+\(", text):
        yield from re.findall(r":(\w+)", _outer(text, start.end(), "()"))


def of_json(text: str) -> Iterator[str]:
    """Objects below `mellum`, or a schema of one; keys that begin with `mellum.`, and those that VS Code guards."""
    yield from _in_tree(json.loads(text))


def of_toml(text: str) -> Iterator[str]:
    """Tables below `mellum`, but the one that names the server itself."""
    yield from _in_tree(tomllib.loads(text))


def of_typescript(text: str) -> Iterator[str]:
    """What is read or written by VS Code's configuration of this section."""
    names = re.findall(_CONFIGURATION, text)
    yield from (name for name in names if not _OWN.fullmatch(name))


def of_document(text: str) -> Iterator[str]:
    """What its code says, and what it names beside a value: `name` is ..."""
    for language, code in re.findall(r"^ *```(\w+)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        reader = {"lua": of_lua, "elisp": of_elisp, "json": of_json, "toml": of_toml}.get(language)
        if reader is not None:
            yield from reader(code)
    # Nothing else that is said in camelCase is followed by these.
    yield from re.findall(r"`([a-z]+(?:[A-Z]\w*)+)` is\b", text)


def of_help(text: str) -> Iterator[str]:
    """The Lua of Vim's help."""
    for code in re.findall(r">lua\n(.*?)^<", text, re.DOTALL | re.MULTILINE):
        yield from of_lua(code)


READERS: dict[str, Callable[[str], Iterator[str]]] = {
    ".lua": of_lua,
    ".el": of_elisp,
    ".json": of_json,
    ".toml": of_toml,
    ".ts": of_typescript,
    ".md": of_document,
    ".txt": of_help,
}


def _outer(text: str, start: int, brackets: str) -> str:
    """The text up to the bracket that closes the one before `start`, without what deeper brackets and quotes hold."""
    kept, depth, at = [], 1, start
    while at < len(text) and depth:
        char = text[at]
        if char in "'\"":
            at = text.index(char, at + 1)
        elif char in brackets:
            depth += 1 if char == brackets[0] else -1
        elif depth == 1:
            kept.append(char)
        at += 1
    return "".join(kept)


def _in_tree(value: Any, above: str = "") -> Iterator[str]:
    if isinstance(value, list):
        if above == "restrictedConfigurations":
            yield from _below(value)
        for item in value:
            yield from _in_tree(item)
    elif isinstance(value, dict):
        yield from _below(value)
        for key, inner in value.items():
            if key == SECTION and isinstance(inner, dict) and above != "language-server":
                yield from inner["properties"] if "$schema" in value or inner.get("type") == "object" else inner
            else:
                yield from _in_tree(inner, key)


def _below(names: Any) -> Iterator[str]:
    for name in names:
        rest = name.removeprefix(f"{SECTION}.")
        if rest != name and not _OWN.fullmatch(rest):
            yield rest

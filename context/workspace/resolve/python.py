"""Python's imports: modules below roots, which are guessed from where packages begin and what projects declare.

What a package's `__init__` takes from its modules is not followed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.configs import parse_toml, table, text
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, nearest, parent

# As Python looks: the package before the module, and a stub only where there is no source.
_MODULE_FILES = ("/__init__.py", ".py", "/__init__.pyi", ".pyi", ".pyx")
_ENDINGS = (".py", ".pyi", ".pyx")
_SOURCE_FOLDERS = ("", "src", "lib", "python")


def resolve(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The files of the modules that are imported, submodules before the package that they are taken from."""
    path = import_.module.lstrip(".")
    dots = len(import_.module) - len(path)
    parts = tuple(path.split(".")) if path else ()
    if "" in parts:
        return []
    if dots:
        folders = list(ancestors(from_path))
        return _taken(files, folders[dots - 1], parts, import_.names) if dots <= len(folders) else []
    for root, below in _roots(files, from_path, parts):
        if found := _taken(files, root, below, import_.names):
            return found
    return []


def _taken(files: FileNames, root: str, parts: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    # Nearly all roots that are tried have nothing of that name, which one look tells.
    if parts and not _begins(files, f"{root}/{parts[0]}" if root else parts[0]):
        return []
    place = "/".join(part for part in (root, *parts) if part)
    module = _module(files, place)
    if not names:
        return [module] if module else []
    found: list[str] = []
    for name in names:
        submodule = _module(files, f"{place}/{name}" if place else name) if name != "*" else None
        if one := submodule or module:
            found.append(one)
    return found


def _begins(files: FileNames, place: str) -> bool:
    return files.has_folder(place) or any(files.has(place + tail) for tail in _ENDINGS)


def _module(files: FileNames, place: str) -> str | None:
    return next((place + tail for tail in _MODULE_FILES if files.has(place + tail)), None) if place else None


def _roots(files: FileNames, from_path: str, parts: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Folders from which `parts` may be meant, the likeliest first, each with the parts that lie below it."""
    top = parts[0]
    named = files.derived(_Named).of(top)
    for folder, root in _around(parent(from_path)) if named.places else ():
        if root in named.places and not _is_package(files, folder):
            yield root, parts
    for package, folder in files.derived(_declared):
        if parts[: len(package)] == package:
            yield folder, parts[len(package) :]
    # A script somewhere that is called like a module of the standard library is not what is meant.
    if top in sys.stdlib_module_names:
        return
    yield from ((parent(folder), parts) for folder in nearest(named.packages, from_path))
    if len(named.modules) == 1:
        yield parent(named.modules[0]), parts


@lru_cache(maxsize=64)
def _around(folder: str) -> tuple[tuple[str, str], ...]:
    """The folders around a file in `folder`, the innermost first, each with the folders that may hold its sources."""
    outward = (folder, *ancestors(folder)) if folder else ("",)
    return tuple((each, "/".join(filter(None, (each, inner)))) for each in outward for inner in _SOURCE_FOLDERS)


class _Named:
    """What is called like the first word of an import, for each word that was asked for."""

    def __init__(self, files: FileNames) -> None:
        self._files = files
        self._known: dict[str, _Places] = {}

    def of(self, top: str) -> _Places:
        if top not in self._known:
            self._known[top] = _places(self._files, top)
        return self._known[top]


class _Places(NamedTuple):
    places: frozenset[str]
    """The folders in which a file or a folder has that name."""
    packages: list[str]
    """The folders of that name that may be meant from everywhere."""
    modules: list[str]
    """The files that may."""


def _places(files: FileNames, top: str) -> _Places:
    folders, stems = files.folders_ending(top), files.with_stem(top)
    return _Places(
        frozenset(map(parent, (*folders, *stems))),
        [folder for folder in folders if _is_root(files, parent(folder))],
        [path for path in stems if path.endswith((".py", ".pyi")) and _is_root(files, parent(path))],
    )


def _is_package(files: FileNames, folder: str) -> bool:
    return any(files.has(f"{folder}/{name}" if folder else name) for name in ("__init__.py", "__init__.pyi"))


def _is_root(files: FileNames, folder: str) -> bool:
    """Whether packages may begin in a folder for files far from it: what lies in a package is that package's own."""
    return not any(_is_package(files, around) for around in (folder, *ancestors(folder)) if around)


def _declared(files: FileNames) -> list[tuple[tuple[str, ...], str]]:
    """Packages whose folders are called otherwise, as pyproject.toml says, the longest names first."""
    found: list[tuple[tuple[str, ...], str]] = []
    if files.root_name and _is_package(files, ""):
        found.append(((files.root_name,), ""))
    for path in files.with_stem("pyproject"):
        project = files.config(path, parse_toml) if path.endswith("pyproject.toml") else None
        tool = table(table(table(project).get("tool")).get("setuptools"))
        for package, folder in table(tool.get("package-dir")).items():
            if package:
                inside = [part for part in (parent(path), *text(folder).split("/")) if part not in ("", ".")]
                found.append((tuple(package.split(".")), "/".join(inside)))
    return sorted(found, key=lambda pair: (-len(pair[0]), pair))

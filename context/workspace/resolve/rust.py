"""Rust's paths: modules are files below a crate's root, crates are named by the Cargo.toml files of the workspace.

Modules that an attribute moves elsewhere are found where they are declared, not through a path.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.configs import parse_toml, table, text
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, join, nearest, parent, stem

_ROOTS = ("lib.rs", "main.rs")
# Folders of a package in which each file, and each folder with a main.rs, is a crate of its own.
_FOLDERS_OF_CRATES = ("src/bin", "tests", "examples", "benches")


class _Crate(NamedTuple):
    root: str
    """The file that the crate begins with."""
    base: str
    """The folder that its modules lie in."""


def resolve(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """For each name the module of that name, or the file that the name is taken from."""
    if import_.module.endswith(".rs"):
        file = join(parent(from_path), import_.module)
        return [file] if file else []
    crate = _crate_of(from_path, files)
    here = _segments(from_path, crate)
    first, *rest = import_.module.split("::")
    if first in ("self", "super"):
        path = rest if first == "self" else [first, *rest]
        above = next((i for i, part in enumerate(path) if part != "super"), len(path))
        if above > len(here):
            return []
        return _taken(files, crate, (*here[: len(here) - above], *path[above:]), import_.names)
    if first == "crate":
        return _taken(files, crate, tuple(rest), import_.names)
    if _module(files, crate, (*here, first)):
        return _taken(files, crate, (*here, first, *rest), import_.names)
    other = _crate_called(first, from_path, files)
    return _taken(files, other, tuple(rest), import_.names) if other else []


def _taken(files: FileNames, crate: _Crate, path: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    module = None
    # What is no file is an enum, or a module inside of one.
    for length in range(len(path), -1, -1):
        if module := _module(files, crate, path[:length]):
            break
    found = [_module(files, crate, (*path, name)) or module for name in names if name != "*"]
    if not names or "*" in names:
        found.append(module)
    return [one for one in found if one]


def _module(files: FileNames, crate: _Crate, path: tuple[str, ...]) -> str | None:
    if not path:
        return crate.root
    place = "/".join(filter(None, (crate.base, *path)))
    return next((place + tail for tail in (".rs", "/mod.rs") if files.has(place + tail)), None)


def _segments(path: str, crate: _Crate) -> tuple[str, ...]:
    """The path of modules from the crate's root to the module that a file is."""
    if path == crate.root or (parent(path) == crate.base and path.rpartition("/")[2] in _ROOTS):
        return ()
    inside = path[len(crate.base) :].strip("/") if crate.base else path
    parts = inside.removesuffix(".rs").split("/")
    return tuple(parts[:-1] if parts[-1] == "mod" else parts)


def _crate_of(path: str, files: FileNames) -> _Crate:
    for folder in ancestors(path):
        manifest = f"{folder}/Cargo.toml" if folder else "Cargo.toml"
        if files.has(manifest):
            return _crate_in(path, folder, manifest, files)
        # Without a manifest the crate is the folder around that has a root.
        if root := _root_in(files, folder):
            return _Crate(root, folder)
    return _Crate(path, parent(path))


def _crate_in(path: str, folder: str, manifest: str, files: FileNames) -> _Crate:
    inside = path[len(folder) :].lstrip("/")
    for of_crates in _FOLDERS_OF_CRATES:
        if inside.startswith(of_crates + "/"):
            base = "/".join(filter(None, (folder, of_crates)))
            name, _, deeper = inside[len(of_crates) + 1 :].partition("/")
            own = f"{base}/{name}"
            if deeper and files.has(f"{own}/main.rs"):
                return _Crate(f"{own}/main.rs", own)
            return _Crate(path if not deeper else "", base)
    library = _library(folder, files.config(manifest, parse_toml), files)
    if library and path.startswith(library.base + "/" if library.base else ""):
        is_program = parent(path) == library.base and path.endswith("main.rs")
        return _Crate(path, library.base) if is_program else library
    return _Crate(path, parent(path))


def _library(folder: str, manifest: object, files: FileNames) -> _Crate | None:
    """The library of a package, or its program where it has none."""
    declared = join(folder, text(table(table(manifest).get("lib")).get("path")) or "src/lib.rs")
    if declared and files.has(declared):
        return _Crate(declared, parent(declared))
    base = "/".join(filter(None, (folder, "src")))
    root = _root_in(files, base)
    return _Crate(root, base) if root else None


def _root_in(files: FileNames, folder: str) -> str | None:
    places = (f"{folder}/{name}" if folder else name for name in _ROOTS)
    return next((place for place in places if files.has(place)), None)


def _crate_called(name: str, from_path: str, files: FileNames) -> _Crate | None:
    crates = files.derived(_crates)
    for folder in ancestors(from_path):
        manifest = files.config(f"{folder}/Cargo.toml" if folder else "Cargo.toml", parse_toml)
        if manifest is not None:
            name = _renamed(manifest, name)
            break
    roots = nearest(crates.get(name, {}), from_path)
    return crates[name][roots[0]] if roots else None


def _renamed(manifest: dict[str, Any], name: str) -> str:
    """The package that a manifest lets its code call `name`."""
    for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
        for called, dependency in table(manifest.get(kind)).items():
            if called.replace("-", "_") == name and (package := text(table(dependency).get("package"))):
                return package.replace("-", "_")
    return name


def _crates(files: FileNames) -> dict[str, dict[str, _Crate]]:
    """The libraries of the workspace by name and root."""
    found: dict[str, dict[str, _Crate]] = {}
    for path in files.with_stem("Cargo"):
        if not path.endswith("Cargo.toml"):
            continue
        folder = parent(path)
        manifest = table(files.config(path, parse_toml))
        crate = _library(folder, manifest, files)
        package = text(table(manifest.get("package")).get("name")) or stem(folder)
        for name in (package, text(table(manifest.get("lib")).get("name"))):
            if name and crate:
                found.setdefault(name.replace("-", "_"), {})[crate.root] = crate
    return found

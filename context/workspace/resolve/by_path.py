"""Imports that are paths, or names that stand for paths: C and C++, PHP, Ruby, Lua, shell.

What include paths and load paths are is known to build files that nobody can read in general: a path is looked for from
where it is used, then by its end in the whole workspace, and the nearest is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.configs import parse_json, table, words
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, join, nearest, parent, stem

# A header of the language or the system is not the file of the workspace that happens to be called like it.
_HEADERS = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
    unistd fcntl pthread dirent dlfcn getopt grp netdb poll pwd regex sched semaphore strings syslog termios
    utime windows
"""
_STANDARD_HEADERS = frozenset(_HEADERS.split())
# Folders that a load path commonly names.
_LIBRARIES = ("", "lib", "app", "src", "lua", "spec", "test")


def resolve_c(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The header, at most one; none for a header of the language or the system."""
    if not import_.system:
        place = join(parent(from_path), import_.module)
        if place is not None and files.has(place):
            return [place]
    tail = "/".join(part for part in import_.module.split("/") if part not in ("", ".", ".."))
    if import_.system and "/" not in tail and (stem(tail) in _STANDARD_HEADERS or "." not in tail):
        return []
    return nearest(files.ending(tail), from_path)[:1] if tail else []


def resolve_php(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The file of a class by composer.json's folders or its place in the tree, or the file at a path."""
    name = import_.module
    if "/" in name or name.endswith((".php", ".inc", ".phtml")):
        starts = [parent(from_path)] if name.startswith(".") else list(ancestors(from_path))
        return _first(files, (join(folder, name) for folder in starts))
    path = name.replace("\\", "/")
    places = []
    for prefix, folder in files.derived(_psr4):
        if (path + "/").startswith(prefix) or not prefix:
            places.append(join(folder, path[len(prefix) :] + ".php"))
    if found := _first(files, places):
        return found
    # Without a word of composer's: the class in folders called as the last two parts of its namespace.
    *namespace, short = path.split("/")
    tail = "/".join((*namespace[-2:], f"{short}.php"))
    return nearest(files.ending(tail), from_path)[:1] if namespace else []


def _psr4(files: FileNames) -> list[tuple[str, str]]:
    """Prefixes of namespaces as paths with a slash behind, and their folders, the longest first."""
    found = []
    for path in files.with_stem("composer"):
        manifest = files.config(path, parse_json) if path.endswith("composer.json") else None
        for section in ("autoload", "autoload-dev"):
            for prefix, folders in table(table(table(manifest).get(section)).get("psr-4")).items():
                places = (join(parent(path), folder) for folder in words(folders))
                found += [(prefix.replace("\\", "/"), place) for place in places if place is not None]
    return sorted(found, key=lambda pair: (-len(pair[0]), pair))


def resolve_ruby(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The file of a feature: from where it is required, or in a `lib` of the workspace."""
    name = import_.module.removesuffix(".rb") + ".rb"
    if name.startswith("."):
        return _first(files, [join(parent(from_path), name)])
    return _library(name, from_path, files)


def resolve_lua(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The file of a module, or the `init.lua` of its folder."""
    path = import_.module.replace(".", "/") if "/" not in import_.module else import_.module
    return _library(f"{path}.lua", from_path, files) or _library(f"{path}/init.lua", from_path, files)


def resolve_bash(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The script, from where the other lies or from a folder around it."""
    return _first(files, (join(folder, import_.module) for folder in ancestors(from_path)))


def _library(path: str, from_path: str, files: FileNames) -> list[str]:
    found = _first(files, _in_libraries(path, from_path))
    # Far away only what has a folder of its own can be told from something else of the same name.
    ends = files.ending(path) if path.count("/") >= 1 else files.ending(f"lib/{path}")
    return found or nearest(ends, from_path)[:1]


def _in_libraries(path: str, from_path: str) -> Iterator[str | None]:
    for folder in ancestors(from_path):
        for library in _LIBRARIES:
            yield join(folder, f"{library}/{path}")


def _first(files: FileNames, places: Iterable[str | None]) -> list[str]:
    return [place for place in places if place is not None and files.has(place)][:1]

"""Go's imports: a package is all files of a folder, found by the modules that the go.mod files declare."""

from __future__ import annotations

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.configs import parse_go_mod
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, parent


def resolve(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The files of the package, without its tests."""
    path = import_.module.strip("/")
    for folder in ancestors(from_path):
        if found := _package(files, "/".join(filter(None, (folder, "vendor", path)))):
            return found
    for module, folder in files.derived(_modules):
        if path == module or path.startswith(module + "/"):
            inside = path[len(module) :].strip("/")
            if found := _package(files, "/".join(filter(None, (folder, inside)))):
                return found
    # Before there were modules, a workspace was a tree of paths as they are imported.
    tree = [f for f in files.folders_ending(path) if "/" in path and f != parent(from_path)]
    return _package(files, tree[0]) if len(tree) == 1 and "." in path.partition("/")[0] else []


def _package(files: FileNames, folder: str) -> list[str]:
    return [path for path in files.under(folder) if path.endswith(".go") and not path.endswith("_test.go")]


def _modules(files: FileNames) -> list[tuple[str, str]]:
    """Each module's path and folder, the longest first, so that a module inside another goes before it."""
    found = []
    for path in files.with_stem("go"):
        if path.rpartition("/")[2] == "go.mod" and (module := files.config(path, parse_go_mod)):
            found.append((module, parent(path)))
    return sorted(found, key=lambda pair: (-len(pair[0]), pair))

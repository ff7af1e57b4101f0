"""What a file takes from another one: which of its imports mean that file, and what they call what it has.

By what is written, with the index's word where two files could be meant. Opens no file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mellum_ls.context.edits.binding_rules import family
from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.index.rows import Index
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.file_names import join, parent, stem

_ROOTS = ("@/", "~/", "#/")


@dataclass(slots=True)
class Links:
    """What one file takes from another."""

    lines: dict[int, Import] = field(default_factory=dict)
    """The imports that mean the other file, by their line."""
    names: dict[str, str] = field(default_factory=dict)
    """What is taken from it by name, with what it is called here."""
    modules: set[str] = field(default_factory=set)
    """What the other file itself is called here."""
    everything: bool = False
    """Whether all of its names are seen here without being named: a wildcard, the same package."""

    def __bool__(self) -> bool:
        return bool(self.lines or self.everything)


def links(source: Source, path: str, index: Index | None) -> Links:
    """What `source` takes from the file `path`."""
    found = Links()
    language = family(source.grammar.name)
    if language in ("java", "go") and parent(source.path) == parent(path):
        found.everything = True
    for one in imports(source.text, source.tree, source.grammar):
        if language == "go":
            if _is_go_package(one, source.path, path, index):
                found.lines[one.line] = one
                found.modules.add(one.aliases[0] if one.aliases else parent(path).rpartition("/")[2])
        elif language == "java":
            _take_java(found, one, path)
        elif _means(one.module, source, path, index):
            _take(found, one)
        elif language == "python":
            _take_submodule(found, one, source, path, index)
    return found


def _take(found: Links, one: Import) -> None:
    found.lines[one.line] = one
    if not one.names:
        found.modules.update(one.aliases or (one.module,))
        # `import a.b` binds `a`, and is used as `a.b`.
        found.modules.add(one.module)
    for name, alias in zip(one.names, one.aliases, strict=False):
        if name == "*":
            found.everything = True
        else:
            found.names[name] = alias


def _take_submodule(found: Links, one: Import, source: Source, path: str, index: Index | None) -> None:
    """`from package import module` names the file itself."""
    own = stem(path) if stem(path) != "__init__" else parent(path).rpartition("/")[2]
    for name, alias in zip(one.names, one.aliases, strict=False):
        inside = f"{one.module}{name}" if one.module.endswith(".") else f"{one.module}.{name}"
        if name == own and _means(inside, source, path, index):
            found.lines[one.line] = one
            found.modules.add(alias)


def _take_java(found: Links, one: Import, path: str) -> None:
    place = one.module.replace(".", "/")
    folder, own = parent(path), stem(path)
    if one.names == ("*",) and (folder == place or folder.endswith("/" + place)):
        found.lines[one.line] = one
        found.everything = True
    elif path.rpartition(".")[0].endswith(place):
        found.lines[one.line] = one
        if one.names:
            found.names.update(zip(one.names, one.aliases, strict=False))
        else:
            found.names[own] = own


def _is_go_package(one: Import, from_path: str, path: str, index: Index | None) -> bool:
    folder = parent(path)
    if not folder or parent(from_path) == folder:
        return False
    if one.module == folder or one.module.endswith("/" + folder):
        return True
    same = one.module.rpartition("/")[2] == folder.rpartition("/")[2]
    return same and index is not None and path in index.imported_by(from_path)


def _means(module: str, source: Source, path: str, index: Index | None) -> bool:
    """Whether a module, as it is written in `source`, is the file `path`."""
    if family(source.grammar.name) == "ecmascript":
        return _is_script(module, source.path, path)
    place = path.rpartition(".")[0]
    place = place.removesuffix("/__init__")
    name = module.lstrip(".")
    dots = len(module) - len(name)
    inside = name.replace(".", "/")
    if dots:
        folder: str | None = parent(source.path)
        for _ in range(dots - 1):
            folder = parent(folder) if folder else None
        return folder is not None and "/".join(filter(None, (folder, inside))) == place
    if not (place == inside or place.endswith("/" + inside)):
        return False
    if index is None or not index.has(source.path):
        return True
    # Another file of that name may be the one that is meant.
    meant = [other for other in index.imported_by(source.path) if stem(other) == stem(path)]
    return path in meant or not meant


def _is_script(module: str, from_path: str, path: str) -> bool:
    place = path.removesuffix(".d.ts").rpartition(".")[0] if not path.endswith(".d.ts") else path.removesuffix(".d.ts")
    wanted = {place, place.removesuffix("/index")} if place.endswith("/index") else {place}
    name = module
    for ending in (".js", ".jsx", ".mjs", ".ts", ".tsx"):
        if name.endswith(ending):
            name = name.removesuffix(ending)
            break
    if name.startswith("."):
        return join(parent(from_path), name) in wanted
    if name.startswith(_ROOTS):
        return any(one == name[2:] or one.endswith("/" + name[2:]) for one in wanted)
    return False

"""Names of packages that are folders below some source root: Java, Kotlin, Scala, C#, Swift.

A source root is wherever the folders of a package end; nothing has to declare it.
"""

from __future__ import annotations

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, nearest, parent

# The languages of one virtual machine use each other's classes.
_JVM = (".java", ".kt", ".scala", ".groovy")
# In these the folders need not repeat what all packages begin with, and a file may hold several classes.
_LOOSE = (".kt", ".scala")
_MAX_FILES = 20
# Every way to write a namespace as folders is tried.
_MAX_PARTS = 12


def resolve_jvm(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The file of the class, or of the class that it lies in; for all of a package its files, nearest root first."""
    path = import_.module.replace("`", "")
    if not import_.names:
        return _class(path, from_path, files) or _package_for_name(path, from_path, files)
    found: list[str] = []
    for name in import_.names:
        if name == "*":
            found += _class(path, from_path, files, strict=True) or _package(path, from_path, files)
        else:
            found += _class(f"{path}.{name}", from_path, files)
    return found


def _class(path: str, from_path: str, files: FileNames, *, strict: bool = False) -> list[str]:
    """The nearest file of the class at `path`; the outer one of an inner class, told by its capital letter."""
    parts = path.split(".")
    while len(parts) > 1 or (parts and not strict):
        *package, name = parts
        candidates = [each for each in files.with_stem(name) if each.endswith(_JVM)]
        exact = [each for each in candidates if _tail(each, package) == len(package)]
        loose = [each for each in candidates if each.endswith(_LOOSE) and _tail(each, package) > 0]
        if exact:
            return nearest(exact, from_path)[:1]
        if loose:
            return sorted(nearest(loose, from_path), key=lambda each: -_tail(each, package))[:1]
        if len(parts) < 2 or not parts[-2][:1].isupper():
            break
        parts.pop()
    return []


def _tail(path: str, package: list[str]) -> int:
    """How many of the last names of a package are the folders that a file lies in."""
    folders = parent(path).split("/")
    count = 0
    while count < min(len(folders), len(package)) and folders[-1 - count] == package[-1 - count]:
        count += 1
    return count


def _package(path: str, from_path: str, files: FileNames) -> list[str]:
    folders = [f"{folder}/x" for folder in files.folders_ending(path.replace(".", "/"))]
    return [each for folder in nearest(folders, from_path) for each in files.under(parent(folder)) if _is_jvm(each)]


def _package_for_name(path: str, from_path: str, files: FileNames) -> list[str]:
    """The files of a package that may define a function or a property, for languages that have them outside classes."""
    package, _, name = path.rpartition(".")
    if name[:1].isupper() or not from_path.endswith((".kt", ".kts", ".scala")):
        return []
    found = [each for each in _package(package, from_path, files) if each.endswith(_LOOSE)]
    return found if len(found) <= _MAX_FILES else []


def _is_jvm(path: str) -> bool:
    return path.endswith(_JVM)


def resolve_csharp(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The file of a class, or the files of the folder that bears a namespace's name, whole or its last parts."""
    parts = import_.module.split(".")[:_MAX_PARTS]
    classes = [path for path in files.with_stem(parts[-1]) if path.endswith(".cs")]
    fits = {each: _tail(parent(each).replace(".", "/") + "/x", parts[:-1]) for each in classes}
    if fits and max(fits.values()) > 0:
        return sorted(nearest(classes, from_path), key=lambda each: -fits[each])[:1]
    best: tuple[int, list[str]] = (0, [])
    for start in range(len(parts)):
        # Folders have names with dots as often as one for each part: `Shop.Core/Data`.
        for split in range(start + 1, len(parts) + 1):
            tail = "/".join((".".join(parts[start:split]), *parts[split:]))
            found = [each for each in files.folders_ending(tail) if any(map(_is_csharp, files.under(each)))]
            if found and len(parts) - start > best[0] and (start == 0 or len(parts) - start > 1):
                best = (len(parts) - start, found)
    folders = nearest([f"{folder}/x" for folder in best[1]], from_path)
    return [each for folder in folders[:1] for each in files.under(parent(folder)) if _is_csharp(each)]


def _is_csharp(path: str) -> bool:
    return path.endswith(".cs")


def resolve_swift(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The files of a module of the same package, which lie in `Sources/MODULE`."""
    module = import_.module
    for folder in ancestors(from_path):
        for sources in ("Sources", "Source", "src", ""):
            place = "/".join(filter(None, (folder, sources, module)))
            # A folder that the file itself lies in is its own module.
            if not from_path.startswith(place + "/"):
                found = [each for each in files.below(place, 10 * _MAX_FILES) if each.endswith(".swift")]
                if found:
                    named = [each for name in import_.names for each in found if each.endswith(f"/{name}.swift")]
                    return named or found
    return []

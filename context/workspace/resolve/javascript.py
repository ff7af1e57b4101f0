"""JavaScript's and TypeScript's modules: paths, and names that tsconfig.json and package.json files explain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.configs import parse_json, table, text, words
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, join, nearest, parent

_TYPED = (".ts", ".tsx", ".mts", ".cts")
_PLAIN = (".js", ".jsx", ".mjs", ".cjs")
_DECLARED = (".d.ts", ".d.mts", ".d.cts")
_OTHERS = (".json", ".vue", ".svelte")
# A module may be imported by the name of what the compiler will make of it.
_COMPILED_FROM = {
    ".js": (".ts", ".tsx", ".d.ts"),
    ".jsx": (".tsx", ".d.ts"),
    ".mjs": (".mts", ".d.mts"),
    ".cjs": (".cts", ".d.cts"),
    ".ts": (".d.ts",),
    ".tsx": (".d.ts",),
    ".mts": (".d.mts",),
    ".cts": (".d.cts",),
}
# Of the forms that a package offers, the nearest to its source.
_CONDITIONS = ("development", "types", "import", "module", "require", "node", "browser", "default")
_BUILT = ("dist", "lib", "build", "out", "esm", "cjs")
_MAX_EXTENDS = 5
_MAX_NESTING = 8


def resolve(import_: Import, from_path: str, files: FileNames) -> list[str]:
    """The file of the module, at most one."""
    name = import_.module.partition("?")[0]
    if name.startswith("."):
        place = join(parent(from_path), name)
        found = None if place is None else _file(files, place, from_path)
    else:
        places = (*_by_tsconfig(name, from_path, files), *_by_package(name, from_path, files))
        candidates = (_file(files, place, from_path) for place in places)
        found = next((path for path in candidates if path), None)
    return [found] if found else []


def _file(files: FileNames, place: str, from_path: str) -> str | None:
    """The file that is meant by `place`, which may lack its ending or be a folder."""
    if from_path.endswith(_DECLARED):
        endings = (*_DECLARED, *_TYPED, *_PLAIN, *_OTHERS)
    elif from_path.endswith(_PLAIN):
        endings = (*_PLAIN, *_TYPED, *_DECLARED, *_OTHERS)
    else:
        endings = (*_TYPED, *_PLAIN, *_DECLARED, *_OTHERS)
    head, dot, ending = place.rpartition(".")
    sources = [head + other for other in _COMPILED_FROM.get(dot + ending, ())]
    if from_path.endswith(_DECLARED):
        # Declarations speak of each other by the names of what they declare.
        sources.sort(key=lambda path: not path.endswith(_DECLARED))
    else:
        sources.insert(0, place)
    index = f"{place}/index" if place else "index"
    names = (*sources, place, *(place + ending for ending in endings), *(index + ending for ending in endings))
    return next((name for name in names if files.has(name)), None) or _main(files, place, endings)


def _main(files: FileNames, place: str, endings: tuple[str, ...]) -> str | None:
    manifest = files.config(f"{place}/package.json" if place else "package.json", parse_json)
    main = join(place, text(table(manifest).get("main"))) if manifest else None
    return next((main + ending for ending in ("", *endings) if files.has(main + ending)), None) if main else None


def _by_tsconfig(name: str, from_path: str, files: FileNames) -> Iterator[str]:
    """Where `paths` and `baseUrl` of the configurations around the file lead, the nearest first."""
    for folder in ancestors(from_path):
        for config in ("tsconfig.json", "jsconfig.json"):
            path = f"{folder}/{config}" if folder else config
            if files.has(path):
                yield from _mapped(name, path, files)
    # Where nothing says it: what the common tools take it for.
    if name.startswith(("@/", "~/")):
        for folder in ancestors(from_path):
            for inner in ("src", ""):
                yield "/".join(filter(None, (folder, inner, name[2:])))


def _mapped(name: str, path: str, files: FileNames) -> Iterator[str]:
    chain = list(_chain(path, files))
    bases = [(folder, options["baseUrl"]) for folder, options in chain if text(options.get("baseUrl"))]
    base = join(*bases[0]) if bases else None
    for folder, options in chain:
        if paths := table(options.get("paths")):
            start = base if base is not None else folder
            for target in _targets(name, paths):
                if (place := join(start, target)) is not None:
                    yield place
            break
    if base is not None and (place := join(base, name)) is not None:
        yield place


def _chain(path: str, files: FileNames) -> Iterator[tuple[str, dict[str, Any]]]:
    """The compiler options of a configuration, then of those that it extends or refers to, each with its folder."""
    waiting, seen = [path], set[str]()
    while waiting and len(seen) < _MAX_EXTENDS:
        path = waiting.pop(0)
        config = files.config(path, parse_json)
        if config is None or path in seen:
            continue
        seen.add(path)
        folder = parent(path)
        yield folder, table(config.get("compilerOptions"))
        referred = config.get("references")
        others = words(config.get("extends")) + [
            text(table(each).get("path")) for each in (referred if isinstance(referred, list) else [])
        ]
        for other in others:
            place = join(folder, other) if other.startswith(".") else None
            if place is not None:
                names = (place, f"{place}.json", f"{place}/tsconfig.json")
                waiting += [each for each in names if files.has(each)][:1]


def _targets(name: str, patterns: dict[str, Any]) -> Iterator[str]:
    """What a table of names, each with at most one `*`, makes of a name; the pattern with the longest head counts."""
    best: tuple[int, str, object] | None = None
    for pattern, target in patterns.items():
        head, star, tail = pattern.partition("*")
        if star:
            fits = name.startswith(head) and name.endswith(tail) and len(name) >= len(head) + len(tail)
            matched, rank = name[len(head) : len(name) - len(tail)], len(head)
        else:
            fits, matched, rank = name == pattern, "", len(pattern) + 1
        if fits and (best is None or rank > best[0]):
            best = rank, matched, target
    if best is not None:
        yield from (each.replace("*", best[1]) for each in _offered(best[2]))


def _offered(target: object, depth: int = 0) -> list[str]:
    """The paths that a target names: a string, a list of them, or a table by conditions."""
    if depth > _MAX_NESTING or not isinstance(target, dict):
        return words(target)
    # Several projects call a condition of their own `@name/source`.
    keys = [key for key in target if "source" in key] + [key for key in _CONDITIONS if key in target]
    return [path for key in keys for path in _offered(target[key], depth + 1)]


def _by_package(name: str, from_path: str, files: FileNames) -> Iterator[str]:
    """Where packages of the workspace are: the one around the file for `#names`, others by what they are called."""
    if name.startswith("#"):
        for folder in ancestors(from_path):
            manifest = files.config(f"{folder}/package.json" if folder else "package.json", parse_json)
            if manifest is not None:
                yield from _places(folder, _targets(name, table(manifest.get("imports"))))
                return
    scope = 2 if name.startswith("@") else 1
    package = "/".join(name.split("/")[:scope])
    inside = name[len(package) :].strip("/")
    packages = files.derived(_packages)
    for path in nearest(packages.get(package, ()), from_path):
        manifest = files.config(path, parse_json) or {}
        yield from _entries(parent(path), manifest, inside)


def _entries(folder: str, manifest: dict[str, Any], inside: str) -> Iterator[str]:
    exports = manifest.get("exports")
    if not isinstance(exports, dict) or not any(key.startswith(".") for key in exports):
        exports = {".": exports}
    yield from _places(folder, _targets(f"./{inside}" if inside else ".", exports))
    if inside:
        yield from _places(folder, (inside, f"src/{inside}"))
        return
    yield from _places(folder, (text(manifest.get(key)) for key in ("source", "types", "module", "main")))
    yield from _places(folder, ("src/index", "index", "src/main", "lib/index"))


def _places(folder: str, targets: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    """Each target below `folder`; what is built into a folder that is not kept comes from one called `src`."""
    for target in targets:
        place = join(folder, target) if target else None
        if place is None:
            continue
        yield place
        parts = place[len(folder) :].strip("/").split("/")
        if len(parts) > 1 and parts[0] in _BUILT:
            head, _, ending = parts[-1].partition(".")
            source = "/".join(filter(None, (folder, "src", *parts[1:-1], head)))
            yield source if ending in ("js", "mjs", "cjs", "d.ts", "d.mts", "d.cts") else f"{source}.{ending}"


def _packages(files: FileNames) -> dict[str, list[str]]:
    """The manifests of the workspace's own packages by name."""
    found: dict[str, list[str]] = {}
    for path in files.with_stem("package"):
        if path.rpartition("/")[2] == "package.json" and "node_modules" not in path.split("/"):
            manifest = files.config(path, parse_json)
            if manifest and (name := text(manifest.get("name"))):
                found.setdefault(name, []).append(path)
    return found

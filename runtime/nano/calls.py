"""Finds calls in one file of a package whose function or class is defined in another file of it.

Only what the syntax tree says for sure counts: a name with one definition in the package, imported by the
caller.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mellum_ls.runtime.fim import ContextFile
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.heldout import order, take_turns
from mellum_ls.runtime.nano.holes import parse, worth_completing

DEFINITION_LINES = 30
CALLS_PER_FILE = 3
CALLS_PER_NAME = 2
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call in `file`: its name begins at `start`, its arguments at `arguments`, its line ends at `end`."""

    file: SourceFile
    name: str
    start: int
    arguments: int
    end: int
    definition: ContextFile


def find_calls(files: Iterable[SourceFile], count: int, seed: int) -> list[CallSite]:
    """Up to `count` call sites, files in turn in the order they come in."""
    packages: dict[str, list[tuple[SourceFile, ast.Module]]] = defaultdict(list)
    for file in files:
        tree = parse(file.text) if file.text.isascii() and "\r" not in file.text else None
        if tree is not None:
            packages[file.package].append((file, tree))
    queues: list[list[CallSite]] = []
    for parsed in packages.values():
        definitions = _definitions(parsed)
        for file, tree in parsed:
            queues.append(_calls(file, tree, definitions, seed))
    return take_turns(queues, count)


def _definitions(parsed: list[tuple[SourceFile, ast.Module]]) -> dict[str, ContextFile]:
    """Excerpts by name of what a package defines exactly once at the top of a file."""
    found: dict[str, list[ContextFile]] = defaultdict(list)
    for file, tree in parsed:
        for node in tree.body:
            if isinstance(node, Definition):
                last = min(node.end_lineno or node.lineno, node.lineno - 1 + DEFINITION_LINES)
                lines = file.text.split("\n")[node.lineno - 1 : last]
                found[node.name].append(ContextFile(file.path, "\n".join(lines)))
    return {name: excerpts[0] for name, excerpts in found.items() if len(excerpts) == 1}


def _calls(file: SourceFile, tree: ast.Module, definitions: dict[str, ContextFile], seed: int) -> list[CallSite]:
    imported = _imports(file, tree)
    lines = file.text.splitlines(keepends=True)
    found: list[CallSite] = []
    for node in ast.walk(tree):
        name = _callee(node, imported, definitions)
        if name is None or definitions[name].path == file.path:
            continue
        assert isinstance(node, ast.Call)
        row, column = (node.func.end_lineno or 0) - 1, node.func.end_col_offset or 0
        line = lines[row].rstrip("\n")
        if line[column : column + 1] == "(" and worth_completing(line[column + 1 :]):
            at = sum(map(len, lines[:row])) + column
            found.append(CallSite(file, name, at - len(name), at + 1, at - column + len(line), definitions[name]))
    found.sort(key=lambda call: order(seed, file.package, file.path, str(call.start)))
    return _few(found)


def _callee(node: ast.AST, imported: set[str], definitions: dict[str, ContextFile]) -> str | None:
    """The name of what the node calls as `name(` or `module.name(`, if it was imported."""
    if not isinstance(node, ast.Call):
        return None
    target = node.func
    if isinstance(target, ast.Name) and target.id in imported and target.id in definitions:
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.attr in definitions:
        module = target.value.id
        if module in imported and PurePosixPath(definitions[target.attr].path).stem == module:
            return target.attr
    return None


def _few(calls: list[CallSite]) -> list[CallSite]:
    """At most CALLS_PER_FILE, one for each line, CALLS_PER_NAME for each name."""
    kept: list[CallSite] = []
    for call in calls:
        same = sum(other.name == call.name for other in kept)
        if same < CALLS_PER_NAME and all(other.end != call.end for other in kept):
            kept.append(call)
    return kept[:CALLS_PER_FILE]


def _imports(file: SourceFile, tree: ast.Module) -> set[str]:
    """Names that the file imports, unrenamed, from its own package and does not define itself."""
    package = file.path.split("/", 1)[0]
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == package):
            names.update(alias.name for alias in node.names if alias.asname in (None, alias.name))
    return names - {node.name for node in tree.body if isinstance(node, Definition)}

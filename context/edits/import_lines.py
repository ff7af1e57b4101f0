"""A name is used that one other file defines and nothing imports: the import line. Abstains where two may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mellum_ls.context.edits.binding_rules import family
from mellum_ls.context.edits.changes import added_names
from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.index.rows import Definition
from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.workspace.resolve.file_names import parent, stem

_IMPORTABLE = frozenset({"class", "function", "constant", "type"})
_MOST_NAMES = 8
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)


def import_lines(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The imports that a hunk's new names need."""
    source = desk.source(hunk.path)
    if source is None or desk.index is None:
        return
    names = [name for name in added_names(hunk)[:_MOST_NAMES] if _is_unknown(source, name, hunk)]
    if names and any("*" in one.names for one in imports(source.text, source.tree, source.grammar)):
        return
    for name in names:
        places = [one for one in desk.definitions(name) if _is_importable(one, source)]
        if len({one.path for one in places}) == 1 and (line := _line(source, name, places[0], desk)):
            yield _insertion(source, line, name)


def _is_unknown(source: Source, name: str, hunk: Hunk) -> bool:
    """Whether a name is looked up in the hunk and bound nowhere."""
    lines = range(hunk.start_line, hunk.start_line + len(hunk.new))
    used = [one for one in source.occurrences(name) if one.role == "use"]
    return any(one.line in lines for one in used) and all(source.meaning(one)[0] == "free" for one in used)


def _is_importable(one: Definition, source: Source) -> bool:
    grammar = grammar_of(one.path)
    return (
        not one.container
        and one.kind in _IMPORTABLE
        and one.path != source.path
        and grammar is not None
        and family(grammar.name) == family(source.grammar.name)
    )


def _line(source: Source, name: str, place: Definition, desk: Desk) -> str | None:
    language = family(source.grammar.name)
    if language == "python":
        module = _python_module(source, place.path, desk)
        return f"from {module} import {name}" if module else None
    if language == "ecmascript":
        return _script_line(source, name, place, desk)
    if language == "java":
        if parent(place.path) == parent(source.path) or stem(place.path) != name:
            return None
        package = _PACKAGE.search(desk.text(place.path) or "")
        return f"import {package.group(1)}.{name};" if package else None
    return None


def _python_module(source: Source, path: str, desk: Desk) -> str | None:
    """The module of a file, written as this file writes its neighbours."""
    index = desk.index
    if index is None or stem(path) == "__init__":
        return None
    same = parent(path) == parent(source.path)
    relative = any(one.module.startswith(".") for one in imports(source.text, source.tree, source.grammar))
    if same and relative:
        return f".{stem(path)}"
    parts, folder = [stem(path)], parent(path)
    while folder and f"{folder}/__init__.py" in index.files_in(folder):
        parts.insert(0, folder.rpartition("/")[2])
        folder = parent(folder)
    if len(parts) == 1 and not same:
        return None
    return ".".join(parts)


def _script_line(source: Source, name: str, place: Definition, desk: Desk) -> str | None:
    text = desk.text(place.path) or ""
    if not re.search(rf"\bexport\b[^\n=(]*\b{re.escape(name)}\b", text) or re.search(
        rf"\bexport\s+default\b[^\n]*\b{re.escape(name)}\b", text
    ):
        return None
    here, there = parent(source.path), place.path.rpartition(".")[0]
    up = 0
    while here and not there.startswith(here + "/"):
        here, up = parent(here), up + 1
    module = ("../" * up or "./") + (there[len(here) + 1 :] if here else there).removesuffix("/index")
    known = [one.module for one in imports(source.text, source.tree, source.grammar) if one.module.startswith(".")]
    if known and all(one.endswith(".js") for one in known):
        module += ".js"
    written = source.text.decode("utf-8", "replace")
    mark = "'" if written.count("from '") >= written.count('from "') and "from '" in written else '"'
    end = "" if known and not re.search(r"^import[^\n]*;\s*$", written, re.MULTILINE) else ";"
    return f"import {{ {name} }} from {mark}{module}{mark}{end}"


def _insertion(source: Source, line: str, name: str) -> Edit:
    """Behind the last import, or where the first one would stand."""
    after = -1
    for node in source.tree.root_node.children:
        if (
            node.type in ("import_statement", "import_from_statement", "import_declaration", "package_declaration")
            or node.type == "future_import_statement"
            or (after < 0 and _is_head(node, source))
        ):
            after = node.end_point.row
        elif after >= 0 and node.type not in ("comment", "line_comment", "block_comment"):
            break
    at = after + 1
    lines = source.text.decode("utf-8", "replace").split("\n")
    if at >= len(lines):
        width = len(lines[-1])
        return Edit(source.path, after, width, after, width, "", f"\n{line}", "import", f"import of {name}")
    return Edit(source.path, at, 0, at, 0, "", f"{line}\n", "import", f"import of {name}")


def _is_head(node: object, source: Source) -> bool:
    """Whether a docstring or a first comment stands there."""
    kind = getattr(node, "type", "")
    if kind == "expression_statement" and source.grammar.name == "python":
        children = getattr(node, "named_children", [])
        return bool(children) and children[0].type == "string"
    return kind in ("comment", "line_comment", "block_comment", "hash_bang_line")

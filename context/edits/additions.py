"""Further code for a file that is there: its imports join the file's, the rest stands at the end or in its class.

Whole lines only; what stands in the file stays as it is. Knows the languages of next edits, and no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import dedent, indent

from tree_sitter import Node

from mellum_ls.context.edits.binding_rules import family
from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.parsing import parse

_IMPORTS = frozenset({"import_statement", "import_from_statement", "future_import_statement", "import_declaration"})
_PACKAGES = frozenset({"package_declaration", "package_clause"})
_CLASSES = frozenset({"class_definition", "class_declaration"})
_DEFINITIONS = _CLASSES | {
    "function_definition",
    "function_declaration",
    "method_declaration",
    "method_definition",
    "decorated_definition",
}
_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "hash_bang_line"})
_FAMILIES = frozenset({"python", "ecmascript", "java", "go"})
# The names at the end of an import of several, which stand in one line.
_NAMED = {
    "python": re.compile(r"(from \S+ import )([\w, ]+)()"),
    "ecmascript": re.compile(r"""(import (?:type )?\{ ?)([\w, $]+?)( ?\} from ["'][^"']+["'];?)"""),
}
_GO_SPEC = re.compile(r'(?:[\w.]+ )?"[^"\n]+"')


class CannotAdd(Exception):
    """The code cannot be added; the message says why."""


@dataclass(slots=True)
class _File:
    """The lines of a text and its nodes at the top."""

    lines: list[str]
    nodes: list[Node]
    data: bytes
    imports: list[Node] = field(default_factory=list)

    def said(self, node: Node | None) -> str:
        return "" if node is None else self.data[node.start_byte : node.end_byte].decode()

    def name(self, node: Node) -> str:
        return self.said(_defined(node).child_by_field_name("name"))

    def definitions(self) -> dict[str, Node]:
        return {self.name(node): node for node in self.nodes if _defined(node).type in _DEFINITIONS}


def added(text: str, addition: str, path: str, language_id: str = "") -> str:
    r"""The `text` of the file at `path` with `addition`, both with \n line ends. Raises CannotAdd."""
    grammar = grammar_of(path, language_id)
    if grammar is None or family(grammar.name) not in _FAMILIES:
        raise CannotAdd("code of this language is added to no file")
    language, file, more = family(grammar.name), _read(text, grammar), _read(addition, grammar)
    gone = {row for node in more.nodes if node.type in _IMPORTS | _PACKAGES for row in _rows(node)}
    rest = "\n".join(line for row, line in enumerate(more.lines) if row not in gone).strip("\n")
    lines = _with_rest(file, _read(rest, grammar), language) if rest.strip() else list(file.lines)
    # Imports stand above all else: what was added below them has moved none of them.
    return "\n".join(_with_imports(lines, file, more, language))


def _read(text: str, grammar: Grammar) -> _File:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise CannotAdd("the text holds halves of characters") from error
    tree = parse(data, grammar)
    if tree is None:
        raise CannotAdd("the text is too large to be parsed")
    nodes = list(tree.root_node.children)
    return _File(text.split("\n"), nodes, data, [node for node in nodes if node.type in _IMPORTS])


def _rows(node: Node) -> range:
    # Some nodes of Go end behind their line's end.
    end = node.end_point.row if node.end_point.column else node.end_point.row - 1
    return range(node.start_point.row, end + 1)


def _defined(node: Node) -> Node:
    """What is defined within decorators or an export."""
    inner = node.child_by_field_name("definition") or node.child_by_field_name("declaration")
    return inner if inner is not None and node.type in ("decorated_definition", "export_statement") else node


def _with_rest(file: _File, rest: _File, language: str) -> list[str]:
    known, new = file.definitions(), rest.definitions()
    lines = list(file.lines)
    classes = {name: node for name, node in known.items() if _defined(node).type in _CLASSES}
    if language == "java" and len(classes) == 1:
        [home] = classes
        if all(_defined(node).type == "method_declaration" for node in new.values()) and new:
            return _into_class(lines, file, _defined(classes[home]), new, "\n".join(rest.lines))
    both = set(known) & set(new)
    if len(both) == len(new) == 1 and both <= set(classes) and _defined(new[next(iter(both))]).type in _CLASSES:
        name = next(iter(both))
        body = _defined(new[name]).child_by_field_name("body")
        rows = () if body is None else _inner(body)
        members = {rest.name(node): node for node in (body.named_children if body is not None else ())}
        inner = dedent("\n".join(rest.lines[row] for row in rows)).strip("\n")
        return _into_class(lines, file, _defined(classes[name]), members, inner)
    if both:
        raise CannotAdd(f"the file has {', '.join(sorted(both))} already")
    if language == "java" and classes:
        raise CannotAdd(f"what is added has to be methods of {next(iter(classes))}")
    while lines and not lines[-1].strip():
        lines.pop()
    gap = [""] * (2 if language == "python" else 1) if lines else []
    return [*lines, *gap, *rest.lines, ""]


def _into_class(lines: list[str], file: _File, home: Node, new: dict[str, Node], text: str) -> list[str]:
    """The lines with `text` as the last members of a class."""
    body = home.child_by_field_name("body")
    members = [] if body is None else [child for child in body.named_children if child.type not in _COMMENTS]
    if body is None or not members or not text.strip():
        raise CannotAdd(f"nothing can be put into {file.name(home)}")
    both = {file.name(member) for member in members} & set(new) - {""}
    if both:
        raise CannotAdd(f"the class has {', '.join(sorted(both))} already")
    first = file.lines[members[0].start_point.row]
    step = first[: len(first) - len(first.lstrip())]
    at = _inner(body)[-1] + 1
    return [*lines[:at], "", *indent(text, step).split("\n"), *lines[at:]]


def _inner(body: Node) -> range:
    """The rows of a class's body, without its braces."""
    rows = _rows(body)
    braced = body.child_count > 0 and body.children[0].type == "{"
    inner = range(rows.start + 1, rows.stop - 1) if braced else rows
    if not inner:
        raise CannotAdd("the class stands in one line")
    return inner


def _with_imports(lines: list[str], file: _File, more: _File, language: str) -> list[str]:
    if language == "go":
        return _with_go_imports(lines, file, more)
    known = {_plain(file.said(node)) for node in file.imports}
    at = _behind_imports(file)
    come = []
    for node in more.imports:
        said = _plain(more.said(node))
        if said in known:
            continue
        known.add(said)
        if not _joined(lines, file, said, language):
            come.append(more.said(node))
    if come and not file.imports and at < len(lines) and lines[at].strip():
        come.append("")
    return [*lines[:at], *"\n".join(come).split("\n"), *lines[at:]] if come else lines


def _joined(lines: list[str], file: _File, said: str, language: str) -> bool:
    """Put the names of an import into the one of the same module, where both stand in one line each."""
    pattern = _NAMED.get(language)
    new = pattern.fullmatch(said) if pattern is not None else None
    if pattern is None or new is None:
        return False
    for node in file.imports:
        row = node.start_point.row
        old = pattern.fullmatch(lines[row].rstrip()) if len(_rows(node)) == 1 else None
        if old is not None and (_plain(old[1]), _ending(old[3])) == (_plain(new[1]), _ending(new[3])):
            names = [name.strip() for name in old[2].split(",") if name.strip()]
            names += [name.strip() for name in new[2].split(",") if name.strip() and name.strip() not in names]
            lines[row] = f"{old[1]}{', '.join(names)}{old[3]}"
            return True
    return False


def _ending(text: str) -> str:
    return text.strip().rstrip(";").replace("'", '"')


def _plain(text: str) -> str:
    """An import in one line, however it is written."""
    line = re.sub(r"\(\s*(.*?),?\s*\)", r"\1", " ".join(text.split()))
    return re.sub(r"\{ ?(.*?),? ?\}", r"{ \1 }", line).strip()


def _behind_imports(file: _File) -> int:
    """The row where another import would stand."""
    if file.imports:
        return max(_rows(node).stop for node in file.imports)
    row = 0
    for node in file.nodes:
        docstring = node.type == "expression_statement" and [each.type for each in node.named_children] == ["string"]
        if node.type not in _COMMENTS | _PACKAGES and not docstring:
            break
        row = _rows(node).stop
    return row


def _with_go_imports(lines: list[str], file: _File, more: _File) -> list[str]:
    known = {spec for node in file.imports for spec in _GO_SPEC.findall(file.said(node))}
    come = [spec for node in more.imports for spec in _GO_SPEC.findall(more.said(node)) if spec not in known]
    if not come:
        return lines
    block = next((node for node in file.imports if "(" in file.said(node)), None)
    if block is not None and len(_rows(block)) > 1:
        at = _rows(block).stop - 1
        return [*lines[:at], *(f"\t{spec}" for spec in come), *lines[at:]]
    at = _behind_imports(file)
    gap = [] if file.imports else [""]
    return [*lines[:at], *gap, *(f"import {spec}" for spec in come), *lines[at:]]

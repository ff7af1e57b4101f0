"""Languages that import a file by its path, or nearly so: C, C++, PHP, Ruby, Lua, shell."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from mellum_ls.context.languages.importing.source import Source, first, line
from mellum_ls.context.languages.symbols import Import

C = "(preproc_include) @import"
PHP = """
(namespace_use_declaration) @import
(require_expression) @import (require_once_expression) @import
(include_expression) @import (include_once_expression) @import
"""
RUBY = """
((call method: (identifier) @_method) @import (#any-of? @_method "require" "require_relative" "load" "autoload"))
"""
LUA = '((function_call name: (identifier) @_function) @import (#eq? @_function "require"))'
BASH = '((command name: (command_name) @_name) @import (#any-of? @_name "source" "."))'


def read_c(source: Source, node: Node) -> Iterator[Import]:
    """What a macro includes is not known."""
    path = node.child_by_field_name("path")
    written = source.text(path)
    if path is not None and path.type == "system_lib_string" and len(written) > 2:
        yield Import(written[1:-1].strip(), ("*",), ("*",), line(node), system=True)
    elif module := source.literal(path):
        yield Import(module, ("*",), ("*",), line(node))


def read_php(source: Source, node: Node) -> Iterator[Import]:
    """`use` gives names with backslashes, `require` and `include` paths: `./x.php` where `__DIR__` stands before."""
    if node.type != "namespace_use_declaration":
        module = _php_path(source, node)
        if module:
            yield Import(module, ("*",), ("*",), line(node))
        return
    before = source.dense(first(node, "namespace_name", "qualified_name")).strip("\\")
    group = node.child_by_field_name("body")
    for clause in (group or node).named_children:
        if clause.type != "namespace_use_clause":
            continue
        path = source.dense(first(clause, "qualified_name", "name")).strip("\\")
        if group is not None:
            path = f"{before}\\{path}"
        alias = source.text(clause.child_by_field_name("alias")) or path.rpartition("\\")[2]
        owner, _, name = path.rpartition("\\")
        if owner and any(part.type in ("function", "const") for part in (*node.children, *clause.children)):
            yield Import(owner, (name,), (alias,), line(clause))
        elif path:
            yield Import(path, (), (alias,), line(clause))


def _php_path(source: Source, node: Node) -> str:
    what = node.named_children[0] if node.named_children else None
    while what is not None and what.type == "parenthesized_expression":
        what = what.named_children[0] if what.named_children else None
    if what is None or what.type != "binary_expression":
        return source.literal(what)
    tail = source.literal(what.child_by_field_name("right"))
    here = source.dense(what.child_by_field_name("left")) in ("__DIR__", "dirname(__FILE__)")
    return f".{tail}" if here and tail.startswith("/") else ""


def read_ruby(source: Source, node: Node) -> Iterator[Import]:
    """What is required from where the file lies begins with a dot."""
    method = source.text(node.child_by_field_name("method"))
    arguments = node.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    if node.child_by_field_name("receiver") is not None or not given:
        return
    if method == "autoload":
        name = source.text(given[0]).lstrip(":")
        if len(given) == 2 and (module := source.literal(given[1])):
            yield Import(module, (name,), (name,), line(node))
    elif module := source.literal(given[0]):
        relative = method == "require_relative" and not module.startswith(".")
        yield Import(f"./{module}" if relative else module, ("*",), ("*",), line(node))


def read_lua(source: Source, node: Node) -> Iterator[Import]:
    """`local a = require "b"` calls the module `a`; `require("b").c` takes `c` from it."""
    arguments = node.child_by_field_name("arguments")
    module = source.literal(arguments.named_children[0]) if arguments and arguments.named_children else ""
    if not module:
        return
    name, around = "", node.parent
    if around is not None and around.type == "dot_index_expression":
        name, around = source.text(around.child_by_field_name("field")), around.parent
    alias = ""
    # Only of a statement with one value on each side it is clear what is called how.
    if around is not None and around.type == "expression_list" and around.named_child_count == 1 and around.parent:
        variables = first(around.parent, "variable_list")
        if variables is not None and variables.named_child_count == 1:
            alias = source.text(variables.named_children[0])
    if name:
        yield Import(module, (name,), (alias or name,), line(node))
    else:
        yield Import(module, (), (alias,) if alias else (), line(node))


def read_bash(source: Source, node: Node) -> Iterator[Import]:
    """A path with a variable in front is taken from behind it: `$here/lib.sh` is `./lib.sh`."""
    argument = node.child_by_field_name("argument")
    written = source.text(argument).strip("\"'")
    head, slash, tail = written.partition("/")
    if "$" in head:
        written = f".{slash}{tail}" if slash else ""
    if written and not set("$`(*") & set(written):
        yield Import(written, ("*",), ("*",), line(node))

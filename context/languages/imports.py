"""What a text imports, as it is written there. Knows each language's statements; looks for no file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from tree_sitter import Node, Query, QueryCursor, Tree

from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.importing import by_path, dotted, go, javascript, python, rust
from mellum_ls.context.languages.importing.source import Source
from mellum_ls.context.languages.symbols import Import

MAX_IMPORTS = 1000
"""More than this is a generated file, whose imports say nothing."""

_Reader = Callable[[Source, Node], Iterator[Import]]
_READERS: dict[str, tuple[str, _Reader]] = {
    "python": (python.QUERY, python.read),
    "javascript": (javascript.QUERY, javascript.read),
    "typescript": (javascript.QUERY, javascript.read),
    "tsx": (javascript.QUERY, javascript.read),
    "go": (go.QUERY, go.read),
    "rust": (rust.QUERY, rust.read),
    "java": (dotted.JAVA, dotted.read_java),
    "kotlin": (dotted.KOTLIN, dotted.read_kotlin),
    "scala": (dotted.SCALA, dotted.read_scala),
    "csharp": (dotted.CSHARP, dotted.read_csharp),
    "swift": (dotted.SWIFT, dotted.read_swift),
    "c": (by_path.C, by_path.read_c),
    "cpp": (by_path.C, by_path.read_c),
    "php": (by_path.PHP, by_path.read_php),
    "ruby": (by_path.RUBY, by_path.read_ruby),
    "lua": (by_path.LUA, by_path.read_lua),
    "bash": (by_path.BASH, by_path.read_bash),
}
# Where the statements that import never stand in functions.
_AT_THE_TOP = frozenset({"go", "java", "kotlin", "swift", "csharp"})
_CALLING = frozenset({"javascript", "typescript", "tsx"})
# The statements that the query for definitions finds too, wherever they stand: all that imports but for calls.
_STATEMENTS = {
    "python": ("import_statement", "import_from_statement"),
    "c": ("preproc_include",),
    "cpp": ("preproc_include",),
    **dict.fromkeys(_CALLING, ("import_statement", "export_statement")),
}
# As for `using` in a namespace inside of another, or a module in a namespace; most stand at 1.
_DEPTH_OF_STATEMENTS = 8


def imports(text: bytes, tree: Tree, grammar: Grammar, found_nodes: Sequence[Node] | None = None) -> tuple[Import, ...]:
    """The imports of `text`, whose tree is `tree`, in the order in which they stand there; at most MAX_IMPORTS.

    Empty for languages without imports. A statement that is not whole yet is left out. ImportError where the grammar's
    package is broken; nothing else is raised, whatever the text is. `found_nodes` are the import statements, where
    another query has found them already.
    """
    if grammar.name not in _READERS:
        return ()
    read = _READERS[grammar.name][1]
    source = Source(text)
    found: list[Import] = []
    for node in sorted(_nodes(text, tree, grammar, found_nodes), key=lambda node: node.start_byte):
        found += (one for one in read(source, node) if one.module)
        if len(found) >= MAX_IMPORTS:
            break
    return tuple(found[:MAX_IMPORTS])


def _nodes(text: bytes, tree: Tree, grammar: Grammar, found: Sequence[Node] | None) -> Sequence[Node]:
    query, calls = _READERS[grammar.name][0], None
    if grammar.name in _CALLING and (calls := javascript.calls(text, tree.root_node)) is not None:
        query = javascript.STATEMENTS
    if found is not None and grammar.name in _STATEMENTS and (grammar.name not in _CALLING or calls is not None):
        return [*(node for node in found if node.type in _STATEMENTS[grammar.name]), *(calls or ())]
    cursor = QueryCursor(_query(grammar, query))
    # To look into all functions takes half as long as to parse them.
    if grammar.name in _AT_THE_TOP or calls is not None:
        cursor.set_max_start_depth(_DEPTH_OF_STATEMENTS)
    return [*cursor.captures(tree.root_node).get("import", ()), *(calls or ())]


@cache
def _query(grammar: Grammar, query: str) -> Query:
    return Query(grammar.load(), query)

import pytest
import tree_sitter_python
from tree_sitter import Language, Node, Parser

from mellum_ls.context.languages.importing.source import Source, ancestors, first, line

PYTHON = Language(tree_sitter_python.language())


def expression(text: bytes) -> tuple[Source, Node]:
    node = Parser(PYTHON).parse(text).root_node.children[0].children[0]
    return Source(text), node


@pytest.mark.parametrize(
    ("text", "literal"),
    [(b"'a/b'", "a/b"), (b'""', ""), (b"f'{x}/b'", ""), (b"name", ""), (b"'\xff'", "\ufffd"), (b"r'a'", "")],
)
def test_a_literal_is_what_stands_in_quotes_and_nothing_put_together(text: bytes, literal: str) -> None:
    source, node = expression(text)
    assert source.literal(node) == literal
    assert source.literal(None) == source.text(None) == ""


def test_a_text_is_that_of_the_bytes_even_after_the_tree_was_edited() -> None:
    data = b"a . \\\n b"
    tree = Parser(PYTHON).parse(data)
    tree.edit(0, 0, 0, (0, 0), (0, 0), (0, 0))
    node = tree.root_node.children[0].children[0]
    assert node.text is None
    assert Source(data).text(node) == "a . \\\n b"
    assert Source(b"a . \n b").dense(node) == "a.b"


def test_children_ancestors_and_lines() -> None:
    node = Parser(PYTHON).parse(b"\n\nif a:\n    b = 1\n").root_node.children[0]
    block = first(node, "elif_clause", "block")
    assert block is not None
    assert line(block) == 3
    assert [around.type for around in ancestors(block)] == ["if_statement", "module"]
    assert first(node, "while_statement") is None

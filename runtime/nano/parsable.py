"""Whether a file still parses with a suggestion in it. Alone here knows tree-sitter."""

import tree_sitter
import tree_sitter_python


class PythonParser:
    """tree-sitter with its Python grammar."""

    def __init__(self) -> None:
        self._parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))

    def parses(self, text: str) -> bool:
        """No error and no missing node in the whole tree."""
        return not self._parser.parse(text.encode("utf-8", "replace")).root_node.has_error

"""Whether a file still parses with a suggestion in it. Alone knows tree-sitter, an optional extra."""

from mellum_ls.runtime.errors import SettingError


class PythonParser:
    """tree-sitter with its Python grammar; raises SettingError where the extra `nano` is not installed."""

    def __init__(self) -> None:
        try:
            import tree_sitter
            import tree_sitter_python
        except ImportError as error:
            raise SettingError("parsability needs tree-sitter: pip install 'mellum-ls[nano]'") from error
        self._parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))

    def parses(self, text: str) -> bool:
        """No error and no missing node in the whole tree."""
        return not self._parser.parse(text.encode("utf-8", "replace")).root_node.has_error

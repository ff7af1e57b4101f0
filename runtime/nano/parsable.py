"""Whether a file still parses with a suggestion in it. Alone knows tree-sitter, an optional extra."""

from collections.abc import Iterable
from dataclasses import dataclass

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.nano.holes import Hole


@dataclass(frozen=True, slots=True)
class Parsability:
    """`suggestions` are the non-empty ones in files that parsed before; nobody is shown an empty one."""

    suggestions: int
    parsable: float
    empty: int
    original_broken: int
    parsable_with_empty: float


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


def score(pairs: Iterable[tuple[Hole, str]]) -> Parsability:
    """Share of suggestions that leave the file parsable where it was with the original text."""
    parser = PythonParser()
    shown: list[bool] = []
    empty: list[bool] = []
    broken = 0
    for hole, suggestion in pairs:
        if not parser.parses(hole.file.text):
            broken += 1
        else:
            (shown if suggestion.strip() else empty).append(parser.parses(hole.filled(suggestion)))
    return Parsability(
        suggestions=len(shown),
        parsable=sum(shown) / max(1, len(shown)),
        empty=len(empty),
        original_broken=broken,
        parsable_with_empty=(sum(shown) + sum(empty)) / max(1, len(shown) + len(empty)),
    )

"""Imports read from sample texts by the real grammars."""

from tree_sitter import Parser

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.symbols import Import

BY_NAME: dict[str, Grammar] = {grammar.name: grammar for grammar in GRAMMARS}


def read(language: str, text: str | bytes) -> tuple[Import, ...]:
    data = text.encode() if isinstance(text, str) else text
    grammar = BY_NAME[language]
    return imports(data, Parser(grammar.load()).parse(data), grammar)


def written(language: str, text: str) -> list[str]:
    """Each import as `line: module {name as alias, ...} as alias`."""
    lines = []
    for one in read(language, text):
        row = f"{one.line}: {one.module}"
        if one.names:
            assert len(one.names) == len(one.aliases)
            pairs = zip(one.names, one.aliases, strict=True)
            row += " {" + ", ".join(name if name == alias else f"{name} as {alias}" for name, alias in pairs) + "}"
        elif one.aliases:
            (alias,) = one.aliases
            row += f" as {alias}"
        lines.append(row + (" (system)" if one.system else ""))
    return lines

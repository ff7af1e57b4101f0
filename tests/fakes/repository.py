"""Small made-up repositories: names of files, the text of those that configure something, and statements in them."""

from collections.abc import Mapping

from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import resolve
from tests.fakes.imports import read


class Repository:
    def __init__(self, names: str, texts: Mapping[str, str] | None = None, root_name: str = "") -> None:
        """`names` are paths with white space between; those of `texts` come on top."""
        self.texts = dict(texts or {})
        self.files = FileNames([*names.split(), *self.texts], self.texts.get, root_name)

    def means(self, path: str, statement: str) -> str:
        """The files that the imports of a text in the file `path` mean, with spaces between."""
        grammar = grammar_of(path)
        assert grammar is not None
        imports = read(grammar.name, statement)
        assert imports, "the statement is no import"
        found = [file for one in imports for file in resolve(one, path, grammar.name, self.files)]
        return " ".join(dict.fromkeys(found))

"""Which files of the workspace an import means. Knows which language is looked up how, and what holds for all."""

from __future__ import annotations

from collections.abc import Callable

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve import by_path, dotted, go, javascript, python, rust
from mellum_ls.context.workspace.resolve.file_names import FileNames

MAX_FILES = 20
"""What a wildcard or a package brings; more says nothing about what is used."""
# Longer names are no names.
_MAX_MODULE_CHARACTERS = 1000

_RESOLVERS: dict[str, Callable[[Import, str, FileNames], list[str]]] = {
    "python": python.resolve,
    "javascript": javascript.resolve,
    "typescript": javascript.resolve,
    "tsx": javascript.resolve,
    "go": go.resolve,
    "rust": rust.resolve,
    "java": dotted.resolve_jvm,
    "kotlin": dotted.resolve_jvm,
    "scala": dotted.resolve_jvm,
    "csharp": dotted.resolve_csharp,
    "swift": dotted.resolve_swift,
    "c": by_path.resolve_c,
    "cpp": by_path.resolve_c,
    "php": by_path.resolve_php,
    "ruby": by_path.resolve_ruby,
    "lua": by_path.resolve_lua,
    "bash": by_path.resolve_bash,
}


def resolve(import_: Import, from_path: str, grammar_name: str, files: FileNames) -> tuple[str, ...]:
    """The files that `import_` in the file `from_path` means, the likeliest first; at most MAX_FILES, each once.

    All are of `files`, and none is `from_path`. Empty for what lies elsewhere, and for languages without imports.
    Equal names give equal answers, in whatever order they were added. Raises nothing, whatever is imported.
    """
    find = _RESOLVERS.get(grammar_name)
    if find is None or not 0 < len(import_.module) <= _MAX_MODULE_CHARACTERS:
        return ()
    found = dict.fromkeys(find(import_, from_path, files))
    return tuple([path for path in found if path != from_path and files.has(path)][:MAX_FILES])

"""The generated parts of the LSP4IJ template: `python -m tests.editors.jetbrains_template` writes them.

Mappings follow the languages that the server parses (context/languages/grammars.py), so that each has its identifier.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mellum_ls.context.languages.grammars import GRAMMARS
from mellum_ls.lsp_server.settings.fields import SECTION
from mellum_ls.lsp_server.settings.listing import as_schema

FOLDER = Path(__file__).resolve().parents[2] / "editors" / "jetbrains"
# Names that IntelliJ's own file types have; where an IDE lacks one, the patterns count.
_FILE_TYPES = {
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "go": "Go",
    "rust": "Rust",
    "java": "JAVA",
    "csharp": "C#",
    "ruby": "Ruby",
    "php": "PHP",
    "lua": "Lua",
    "kotlin": "Kotlin",
    "swift": "Swift",
    "scala": "Scala",
    "shellscript": "Shell Script",
    "sql": "SQL",
    "html": "HTML",
    "css": "CSS",
    "json": "JSON",
    "yaml": "YAML",
    "toml": "TOML",
    "markdown": "Markdown",
}
# Endings of a grammar that are a language of their own to editors.
_APART = {"javascriptreact": ("jsx",), "jsonc": ("jsonc",)}
# Languages that the model knows and the server does not parse, by their endings.
_UNPARSED = {
    "clojure": ("clj", "cljs", "cljc", "edn"),
    "cmake": ("cmake",),
    "dart": ("dart",),
    "elixir": ("ex", "exs"),
    "haskell": ("hs",),
    "julia": ("jl",),
    "perl": ("pl", "pm"),
    "r": ("r", "R"),
    "svelte": ("svelte",),
    "vue": ("vue",),
    "zig": ("zig",),
}


def mappings() -> list[dict[str, object]]:
    """The template's fileTypeMappings."""
    listed: dict[str, tuple[str, ...]] = {}
    for grammar in GRAMMARS:
        apart = {ending for name in grammar.language_ids for ending in _APART.get(name, ())}
        for name in grammar.language_ids:
            listed[name] = _APART.get(name) or tuple(ending for ending in grammar.endings if ending not in apart)
    found = []
    for name, endings in sorted({**listed, **_UNPARSED}.items()):
        kind: dict[str, object] = {"patterns": [f"*.{ending}" for ending in endings]}
        if name in _FILE_TYPES:
            kind = {"name": _FILE_TYPES[name], **kind}
        found.append({"fileType": kind, "languageId": name})
    return found


def template() -> dict[str, object]:
    """template.json: a shell starts the server, since IDEs on desktops do not know the user's PATH."""
    return {
        "id": "mellum-ls",
        "name": "Mellum",
        "programArgs": {"default": 'sh -c "mellum-ls serve --stdio"', "windows": "mellum-ls.exe serve --stdio"},
        "fileTypeMappings": mappings(),
    }


def settings_schema() -> dict[str, object]:
    """settings.schema.json: the server's own schema below its section."""
    inner = {name: value for name, value in as_schema().items() if name != "$schema"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Mellum settings",
        "type": "object",
        "properties": {SECTION: inner},
        "additionalProperties": False,
    }


FILES = {"template.json": template, "settings.schema.json": settings_schema}


def as_text(value: object) -> str:
    """JSON as these files have it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file_name, make in FILES.items():
        (FOLDER / file_name).write_text(as_text(make()), encoding="utf-8")
    sys.stdout.write(f"written: {', '.join(FILES)}\n")

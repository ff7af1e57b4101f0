"""The user has corrected an import of Go because the package lies elsewhere now: other imports and its name follow.

Only where the old folder has no package any more and the new one has: else both may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.moved_modules import changed_imports, import_edit
from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.symbols import Import

_QUALIFIED = ("selector_expression", "qualified_type")
_NO_ALIAS = re.compile(r'\s*(?:import\s*\(?\s*)?"')
_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)


def moved_packages(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The edits that a hunk's changed imports ask for."""
    now = desk.source(hunk.path)
    if now is None or now.grammar.name != "go":
        return
    for old, new in changed_imports(hunk, desk):
        called, name = old.module.rpartition("/")[2], _package(new.module, desk)
        if not name or _package(old.module, desk):
            continue
        yield from _uses(now, called, name, new)
        for other in desk.others(now.path, called, search=True):
            for one in imports(other.text, other.tree, other.grammar):
                if one.module == old.module and (edit := import_edit(other, one, new.module)) is not None:
                    yield edit
                    yield from _uses(other, called, name, one)


def _package(module: str, desk: Desk) -> str:
    """The name of the package in the folder of the workspace that an import means; empty where there is none."""
    folder = module
    while folder and desk.index is not None:
        files = [path for path in desk.index.files_in(folder) if path.endswith(".go")]
        texts = (desk.text(path) for path in files if not path.endswith("_test.go"))
        if (text := next(filter(None, texts), None)) is not None:
            said = _PACKAGE.search(text)
            return said[1] if said else ""
        folder = folder.partition("/")[2]
    return ""


def _uses(source: Source, called: str, name: str, one: Import) -> Iterator[Edit]:
    """The places where the package is named; none where the import says itself what it is called here."""
    lines = source.text.decode("utf-8", "replace").split("\n")
    if called == name or not _NO_ALIAS.match(lines[one.line]):
        return
    for use in source.occurrences(called):
        # What the file binds itself is something else.
        if use.role == "use" and source.meaning(use)[0] == "free" and use.chain[1][0].type in _QUALIFIED:
            column = _column(source, use.start)
            if lines[use.line][column : column + len(called)] == called:
                end = column + len(called)
                yield Edit(source.path, use.line, column, use.line, end, called, name, "rename", f"package {name}")


def _column(source: Source, at: int) -> int:
    return len(source.text[source.text.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace"))

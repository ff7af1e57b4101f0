"""The user has corrected an import because its module is called something else now: the other imports of it follow.

Only where the old module is gone, or no longer has what is imported: else the other imports may mean what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mellum_ls.context.edits.binding_rules import family
from mellum_ls.context.edits.changes import changed_lines
from mellum_ls.context.edits.desk import Desk, restored
from mellum_ls.context.edits.occurrences import IMPORT_STATEMENTS, Source
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.file_names import join, parent

_SCRIPTS = ("", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", "/index.ts", "/index.tsx", "/index.js")
_ENDINGS = {"python": (".py", "/__init__.py", ".pyi"), "java": (".java",)}
_WORD = r"[\w./@~\-]"


def moved_modules(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The edits of other imports that a hunk's changed imports ask for."""
    now = desk.source(hunk.path)
    if now is None:
        return
    for old, new in changed_imports(hunk, desk):
        moved = _what_moved(old, new, hunk.path, now, desk)
        if moved is not None:
            yield from _others(old, new, moved, now, desk)


def changed_imports(hunk: Hunk, desk: Desk) -> list[tuple[Import, Import]]:
    """The imports of which a hunk has changed the module alone: as they were and as they are."""
    now, text = desk.source(hunk.path), desk.text(hunk.path)
    if now is None or text is None or not _has_imports(now, hunk) or (was := restored(text, hunk)) is None:
        return []
    before = now.edited(was)
    return [] if before is None else _pairs(before, now, hunk)


def _has_imports(now: Source, hunk: Hunk) -> bool:
    lines = changed_lines(hunk)
    return any(
        node.type in IMPORT_STATEMENTS and any(node.start_point.row <= line <= node.end_point.row for line in lines)
        for node in now.tree.root_node.children
    )


def _pairs(before: Source, now: Source, hunk: Hunk) -> list[tuple[Import, Import]]:
    """Imports of which only the module has changed."""
    shift = len(hunk.new) - len(hunk.old)
    lines = changed_lines(hunk)
    new = [one for one in imports(now.text, now.tree, now.grammar) if one.line in lines]
    if not new:
        return []
    there = {
        (one.names, one.aliases, one.module): one
        for one in imports(before.text, before.tree, before.grammar)
        if hunk.start_line <= one.line < hunk.start_line + len(hunk.old)
    }
    still = {one.module for one in imports(now.text, now.tree, now.grammar)}
    pairs = []
    for one in new:
        same = [
            old
            for old in there.values()
            if old.module != one.module
            and (old.line == one.line if shift == 0 else True)
            and old.names == one.names
            and (old.aliases == one.aliases or not one.names)
        ]
        if len(same) == 1 and same[0].module not in still | {""}:
            pairs.append((same[0], one))
    return pairs


def _what_moved(old: Import, new: Import, path: str, now: Source, desk: Desk) -> frozenset[str] | None:
    """The names that the old module has given to the new one; empty for all of them, because it is gone; None where
    nothing says that anything has moved."""
    there, here = (_files(one.module, path, now) for one in (old, new))
    is_gone = all(desk.text(place) is None for place in there)
    new_text = next((text for place in here if (text := desk.text(place)) is not None), None)
    if is_gone:
        # Something of the workspace must have taken its place; a library is not looked into.
        return frozenset() if new_text is not None else None
    if new_text is None or not new.names or new.names == ("*",):
        return None
    old_text = next(text for place in there if (text := desk.text(place)) is not None)
    gone = all(_has(new_text, name) and not _has(old_text, name) for name in new.names)
    return frozenset(new.names) if gone else None


def _has(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _files(module: str, path: str, source: Source) -> list[str]:
    """Where a module of the workspace could lie."""
    language = family(source.grammar.name)
    if language == "ecmascript":
        place = join(parent(path), module) if module.startswith(".") else None
        bare = re.sub(r"\.(?:js|jsx|mjs|cjs)$", "", place) if place else ""
        return [head + ending for head in dict.fromkeys((place or "", bare)) for ending in _SCRIPTS if head]
    name = module.lstrip(".")
    inside = name.replace(".", "/")
    if language == "python" and (dots := len(module) - len(name)):
        folder = parent(path)
        for _ in range(dots - 1):
            folder = parent(folder)
        roots = [folder]
    else:
        # The folders above the file, as roots that the module's name may start at.
        roots, folder = [], path
        while folder:
            folder = parent(folder)
            roots.append(folder)
        roots += ["src", "lib"]
    return ["/".join(filter(None, (root, inside))) + end for root in roots for end in _ENDINGS.get(language, ())]


def _others(old: Import, new: Import, moved: frozenset[str], now: Source, desk: Desk) -> Iterator[Edit]:
    last = re.split(r"[./]", old.module)[-1]
    # Those that import other things of it are known by the module's own name only, which may stand in a string.
    places = [now, *desk.others(now.path, last, search=True)]
    wanted = set(_files(old.module, now.path, now))
    for source in places:
        for one in imports(source.text, source.tree, source.grammar):
            if moved and not (one.names and moved.issuperset(one.names)):
                continue
            relative = one.module.startswith(".")
            if source is now or (not relative and not old.module.startswith(".")):
                same = one.module == old.module
                put = new.module
            else:
                same = bool(wanted & set(_files(one.module, source.path, source)))
                put = _seen_from(source, new, now) or ""
            if same and put and one.module != put and (edit := import_edit(source, one, put)) is not None:
                yield edit


def _seen_from(source: Source, new: Import, now: Source) -> str | None:
    """A relative module as another file has to write it."""
    if parent(source.path) == parent(now.path):
        return new.module
    if family(source.grammar.name) != "ecmascript":
        return None
    place = join(parent(now.path), new.module)
    if place is None:
        return None
    up, here = 0, parent(source.path)
    while here and not place.startswith(here + "/"):
        here, up = parent(here), up + 1
    rest = place[len(here) + 1 :] if here else place
    return ("../" * up or "./") + rest


def import_edit(source: Source, one: Import, put: str) -> Edit | None:
    """The module's name within the statement, which may go over several lines."""
    lines = source.text.decode("utf-8", "replace").split("\n")
    pattern = re.compile(rf"(?<!{_WORD}){re.escape(one.module)}(?!{_WORD})")
    for line in range(one.line, min(len(lines), one.line + 40)):
        if (match := pattern.search(lines[line])) is not None:
            # What both begin and end with stays.
            head = 0
            while head < min(len(one.module), len(put)) and one.module[head] == put[head]:
                head += 1
            head = max(one.module.rfind(mark, 0, head) for mark in "./") + 1
            old, new = one.module[head:], put[head:]
            at = match.start() + head
            return Edit(source.path, line, at, line, at + len(old), old, new, "rename", f"import of {put}")
    return None

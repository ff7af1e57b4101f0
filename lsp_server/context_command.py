"""`mellum-ls context explain FILE:LINE:COL`: what would stand before the prompt at a cursor, why, and what would not.

Looks at the workspace as the server does, with the same index; asks no model. Prints names and line numbers, no text
of files, unless `--texts` asks for that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mellum_ls.context.index.workspace_index import Event, WorkspaceIndex
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.selection.engine import ContextEngine, Selection
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.workspace_source import WorkspaceSource
from mellum_ls.lsp_server.prompt.room import Room
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.settings.fields import Settings
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import MellumError, SettingError

_REPOSITORIES = (".git", ".hg", ".jj")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to look from; line and column count from 1, as editors show them."""

    file: Path
    line: int
    column: int

    @classmethod
    def read(cls, text: str) -> Cursor:
        """From `FILE:LINE` or `FILE:LINE:COL`. Raises SettingError."""
        head, _, last = text.rpartition(":")
        file, _, middle = head.rpartition(":")
        if not (file and middle.isdigit()):
            file, middle, last = head, last, "1"
        if not (file and middle.isascii() and middle.isdigit() and last.isascii() and last.isdigit()):
            raise SettingError(f"{text!r} is no place in a file; write FILE:LINE:COL")
        if int(middle) < 1 or int(last) < 1:
            raise SettingError(f"{text!r} is no place in a file; lines and columns count from 1")
        return cls(Path(file), int(middle), int(last))


def run(
    where: str, workspace: str | None, chars: int | None, *, as_json: bool, with_texts: bool, out: Callable[[str], None]
) -> int:
    """Print what is chosen; 0, or 2 for a place that is not there."""
    try:
        cursor = Cursor.read(where)
        file = cursor.file.resolve()
        root = Path(workspace).resolve() if workspace else _top_of(file.parent)
        if not file.is_relative_to(root):
            raise SettingError(f"{cursor.file} is not in the workspace {root}")
        text = model_text(file.read_text(encoding="utf-8-sig"))
        budget = Room().narrowed(Settings()).context_chars if chars is None else chars
        lines = text.split("\n")
        line = min(cursor.line, len(lines)) - 1
        place = Place(file.relative_to(root).as_posix(), text, line, min(cursor.column - 1, len(lines[line])))
        index_dir = read_environment().cache_dir / "index"
        found, state = asyncio.run(_select(root, index_dir, place, budget))
    except (MellumError, OSError, UnicodeDecodeError) as error:
        told = f"{cursor.file}: not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        print(f"mellum-ls context: {told}", file=sys.stderr)
        return 2
    told_of = {"place": where, "workspace": str(root), "index": state, **found.explain()}
    if as_json:
        out(json.dumps(told_of, indent=2))
    else:
        out(_in_words(told_of))
    if with_texts:
        for path, text in found.context:
            out(f"\n--- {path}\n{text}")
    return 0


async def _select(root: Path, index_dir: Path, place: Place, chars: int) -> tuple[Selection, dict[str, Any]]:
    over = asyncio.Event()
    shown = 0

    def heard(event: Event) -> None:
        nonlocal shown
        if event["event"] == "progress" and event["done"] - shown >= 1000:
            shown = event["done"]
            print(f"reading files: {shown} of {event['total']}", file=sys.stderr)
        if event["event"] in ("ready", "failed", "crashed", "waiting"):
            over.set()

    index = WorkspaceIndex(root, index_dir, (), heard)
    try:
        await index.start()
        await over.wait()
        engine = ContextEngine(index.index, WorkspaceSource(Gate(root)), chars)
        found = await asyncio.to_thread(engine.select, place)
        state = index.state()
        return found, {name: state[name] for name in ("state", "files", "chunks", "disk_bytes") if name in state}
    finally:
        await index.close()


def _top_of(folder: Path) -> Path:
    """The nearest repository that holds `folder`; the folder itself where there is none."""
    return next(
        (top for top in (folder, *folder.parents) if any((top / name).exists() for name in _REPOSITORIES)), folder
    )


def _in_words(told: dict[str, Any]) -> str:
    lines = [
        f"{told['place']} in {told['workspace']}",
        f"chosen in {told['milliseconds']} ms: {len(told['chosen'])} texts, "
        f"{told['chars']:,} of at most {told['most_chars']:,} characters",
    ]
    for piece in told["chosen"]:
        where = f":{piece['lines'][0]}-{piece['lines'][1]}" if piece["lines"] else " (heads only)"
        lines.append(f"  {piece['path']}{where}  {piece['chars']} characters")
        if piece["symbols"]:
            lines.append(f"      {', '.join(piece['symbols'][:12])}{' …' if len(piece['symbols']) > 12 else ''}")
        lines += [f"      {reason}" for reason in piece["reasons"][:4]]
    if told["left_out"]:
        lines.append(f"left out: {len(told['left_out'])}, of which the best")
    for piece in told["left_out"][:12]:
        lines.append(f"  {piece['path']}:{piece['lines'][0]}-{piece['lines'][1]}  {piece['reason']}")
    return "\n".join(lines)

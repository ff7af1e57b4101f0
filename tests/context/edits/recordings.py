"""Recordings of real editing with edits that people have judged, where the data set is present."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mellum_ls.context.edits.history import EditLog

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "next_edit"


@dataclass(frozen=True)
class Recording:
    """What was typed, and what was thought of edits that could come next."""

    name: str
    log: EditLog
    path: str
    """The file that was edited last."""
    texts: dict[str, str]
    offset: int
    """The cursor, where the last edit ended."""
    judged: tuple[tuple[str, tuple[tuple[int, int, str], ...] | None, str], ...]
    """Path, replacements by offsets in the text before all (None for no edit), and the judgement."""

    def judgement(self, path: str, result: str) -> str | None:
        """What people thought of an edit that makes a file this text; None where nobody was asked."""
        for where, edits, category in self.judged:
            if edits is not None and PurePosixPath(where).name == PurePosixPath(path).name:
                text = self.texts[path]
                for start, end, new in sorted(edits, reverse=True):
                    text = text[:start] + new + text[end:]
                if text == result:
                    return category
        return None


def recordings() -> list[Recording]:
    """All of the folder."""
    return [_read(path) for path in sorted(FOLDER.glob("*.recording.json"))]


def _read(path: Path) -> Recording:
    entries = json.loads(path.read_text(encoding="utf-8"))["log"]
    log, paths, texts, last, offset = EditLog(), dict[int, str](), dict[str, str](), "", 0
    for entry in entries:
        if entry["kind"] == "documentEncountered":
            # A notebook's cells were recorded as one text with marks that are Python's comments.
            paths[entry["id"]] = entry["relativePath"].replace("\\", "/").replace(".ipynb", ".py")
        elif entry["kind"] == "setContent":
            texts[paths[entry["id"]]] = entry["content"]
        elif entry["kind"] == "changed":
            last = paths[entry["id"]]
            before = after = texts[last]
            for start, end, new in sorted(entry["edit"], reverse=True):
                after = after[:start] + new + after[end:]
            offset = max(start + len(new) for start, _, new in entry["edit"])
            texts[last] = after
            log.note(last, before.replace("\r\n", "\n"), after.replace("\r\n", "\n"), entry["time"] / 1000)
    scored = json.loads(Path(str(path).replace(".recording.", ".scoredEdits.")).read_text(encoding="utf-8"))
    return Recording(path.name.split(".")[0], log, last, texts, offset, tuple(_judged(scored["edits"])))


def _judged(edits: list[dict[str, Any]]) -> list[tuple[str, tuple[tuple[int, int, str], ...] | None, str]]:
    found = []
    for one in edits:
        edit = one["edit"]
        replaced = None if edit is None else tuple((start, end, new) for start, end, new in edit)
        found.append((one["documentUri"].replace(".ipynb", ".py"), replaced, one["scoreCategory"]))
    return found

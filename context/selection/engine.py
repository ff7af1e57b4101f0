"""The context engine: from a cursor to the texts for the head of the prompt, and why each of them stands there.

Knows neither LSP nor the model; called from one thread at a time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, islice

from mellum_ls.context.index.rows import Index
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.selection.asking import ask
from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.entries import Entry
from mellum_ls.context.selection.fusion import WEIGHTS, Scored, fuse
from mellum_ls.context.selection.live import Documents, Parsed
from mellum_ls.context.selection.pinned import FILL, Pinned
from mellum_ls.context.selection.place import OpenFile, Place, Recent
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sifting import LeftOut, sift
from mellum_ls.context.selection.sources import definitions, echoes, modules, nearby, recent, similar
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.texts import Source, Texts

JUDGED_SECONDS = 1.0
"""What may be seen is asked again after so long, and at once when files are said to have changed."""
MOVED_LINES = 32
"""A cursor that went farther is at another place."""
_MOST_LEFT_OUT = 200
_HEAD_CHARS = 90
"""Heads are seldom shorter on average: of one source more of them than would fit need not be looked at."""

Resolve = Callable[[Import, str, str], tuple[str, ...]]
"""The files that an import in the file of a path and grammar means."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What stands at the head of the prompt, and how it came to that."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    """The best of what was not chosen."""
    epoch: int
    seconds: float
    most_chars: int

    @property
    def context(self) -> tuple[tuple[str, str], ...]:
        """Path and text of each piece, the most stable first."""
        return tuple((entry.path, entry.text) for entry in self.entries)

    @property
    def chars(self) -> int:
        """What it takes of the prompt."""
        return sum(entry.chars for entry in self.entries)

    def explain(self) -> dict[str, object]:
        """Where each piece is from and why; no source text but the names in the reasons."""
        return {
            "chars": self.chars,
            "most_chars": self.most_chars,
            "milliseconds": round(1000 * self.seconds, 1),
            "epoch": self.epoch,
            "chosen": [_told(entry) for entry in self.entries],
            "left_out": [
                {"path": item.candidate.path, "lines": _range(item.candidate), "reason": item.reason}
                for item in self.left_out
            ],
        }


class ContextEngine:
    """Chooses from what `index` and `source` know, for at most `chars` characters."""

    def __init__(
        self,
        index: Index,
        source: Source,
        chars: int,
        *,
        resolve: Resolve | None = None,
        counterparts: Callable[[str], tuple[str, ...]] = lambda path: (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._index = index
        self._texts = Texts(source)
        self._resolve = resolve
        self._counterparts = counterparts
        self._clock = clock
        self._documents = Documents()
        self._pinned = Pinned(chars)
        self._judged: float | None = None
        self._asked: tuple[str, int] | None = None
        self._last = Selection((), (), 0, 0.0, chars)

    def resize(self, chars: int) -> None:
        """Let there be room for `chars` characters; what stands stays until the next renewal."""
        self._pinned.most = chars

    def changed(self, paths: Iterable[str] | None = None) -> None:
        """These files, or all, are others on disk; what stands in the prompt stays until the next renewal."""
        self._texts.forget(paths)
        self._judged = None

    def _judge(self) -> None:
        """Ask again what may be seen, unless that was asked a moment ago: judging costs more than choosing."""
        now = self._clock()
        if self._judged is None or now - self._judged >= JUDGED_SECONDS:
            self._judged = now
            self._texts.judge_anew()

    def due(self, place: Place) -> bool:
        """Whether the cursor is at another place than the last selection was made for."""
        if self._asked is None:
            return True
        path, line = self._asked
        return path != place.path or abs(line - place.line) >= MOVED_LINES

    def current(self) -> Selection:
        """What stands, without what may no longer be seen; looks nothing up but that."""
        self._judge()
        if self._pinned.exclude(lambda path: self._texts.private(path) is not None):
            self._last = self._told(self._last.left_out, self._last.seconds)
        return self._last

    def select(
        self,
        place: Place,
        open_files: Iterable[OpenFile] = (),
        recent: Recent | None = None,
        *,
        idle: bool = False,
    ) -> Selection:
        """Look again, add what is worth it and say what stands. When `idle`, also take out what is not."""
        start = self._clock()
        self._judge()
        # What is out of sight of the document itself is as good as any other file, and often more like the code here.
        self._texts.show([*open_files, OpenFile(place.path, place.text)])
        self._pinned.exclude(lambda path: self._texts.private(path) is not None)
        self._asked = (place.path, place.line)
        ranked, left_out = self._ranked(place, recent or Recent())
        if idle and self._pinned.entries:
            self._pinned.renew(ranked, place, self._is_current)
        else:
            self._pinned.offer(ranked)
        shown = {piece.key for entry in self._pinned.entries for piece in entry.pieces}
        left = (LeftOut(item.candidate, "others are worth more") for item in ranked if item.key not in shown)
        self._last = self._told(tuple(islice(chain(left_out, left), _MOST_LEFT_OUT)), self._clock() - start)
        return self._last

    def _ranked(self, place: Place, recently: Recent) -> tuple[list[Scored], list[LeftOut]]:
        if self._texts.private(place.path) is not None:
            return [], []
        question = self.question(place)
        desk = Desk(self._index, self._texts, recently, self._counterparts)
        most = self._pinned.most
        ranked = fuse(candidates(question, desk), place.path, WEIGHTS, most // _HEAD_CHARS)
        return sift(ranked, place, self._texts, int(FILL * most))

    def question(self, place: Place) -> Question:
        """What the code at `place` asks for."""
        text = self._documents.parsed(place)
        return ask(place, text, self._imported_files(place.path, text))

    def _imported_files(self, path: str, text: Parsed) -> tuple[str, ...]:
        """As the imports are written now, and as they were when the file was indexed."""
        found: dict[str, None] = {}
        if self._resolve is not None:
            for statement in text.imports:
                found.update(dict.fromkeys(self._resolve(statement, path, text.grammar)))
        found.update(dict.fromkeys(self._index.imported_by(path)))
        found.pop(path, None)
        return tuple(found)

    def _is_current(self, entry: Entry) -> bool:
        """Whether what an entry says is still so."""
        if entry.pieces[0].form == "lines":
            lines = self._texts.lines(entry.path)
            return lines is not None and entry.text in "\n".join(lines)
        now = {(item.container, item.name, item.signature) for item in self._index.outline(entry.path)}
        return all((piece.container, piece.name, piece.text) in now for piece in entry.pieces)

    def _told(self, left_out: tuple[LeftOut, ...], seconds: float) -> Selection:
        pinned = self._pinned
        return Selection(pinned.entries, left_out, pinned.epoch, seconds, pinned.most)


def candidates(question: Question, desk: Desk) -> dict[str, list[Candidate]]:
    """What each source offers."""
    found = definitions.meant(question, desk)
    alike = similar.hits(question, desk)
    return {
        "exports": modules.exports(question, desk),
        "definitions": definitions.heads(found),
        "members": definitions.members(found, question, desk),
        "modules": modules.skeletons(question, desk, found),
        "echoes": echoes.echoes(question, desk, alike),
        "counterparts": nearby.counterparts(question, desk),
        "opened": recent.opened(question, desk),
        "cochanged": nearby.cochanged(question, desk),
        "neighbours": nearby.neighbours(question, desk),
        "bodies": definitions.bodies(found),
        "places": recent.places(question, desk),
        "similar": alike,
        "open files": similar.in_open_files(question, desk),
    }


def _range(candidate: Candidate) -> list[int]:
    return [candidate.start_line + 1, candidate.end_line]


def _told(entry: Entry) -> dict[str, object]:
    form = entry.pieces[0].form
    reasons = Counter(piece.reason for piece in entry.pieces)
    return {
        "path": entry.path,
        "form": "skeleton" if form == "outline" else "lines",
        "lines": [] if form == "outline" else _range(entry.pieces[0]),
        "symbols": [piece.name for piece in entry.pieces if piece.name],
        "reasons": [reason for reason, _ in reasons.most_common(8)],
        "score": round(entry.score, 5),
        "chars": entry.chars,
    }

"""What the model has written and the user has not taken yet: who types along it gets the rest without the model.

Pure comparisons of texts, so a wrong hit is impossible: no positions or versions are followed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from mellum_ls.lsp_server.answers.completer import Gap, Suggestion, fit_ended
from mellum_ls.lsp_server.documents.positions import column_of, index_of
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.rules.closers import model_rest
from mellum_ls.lsp_server.settings.fields import Settings

_PER_DOCUMENT = 8
_DOCUMENTS = 16


@dataclass(frozen=True, slots=True)
class Parked:
    """The end of one answer: where it belongs, all that the model wrote, why it ended, and what was made of it."""

    gap: Gap
    written: str
    reason: str
    shown: Suggestion | None
    known: str = ""
    """How the text begins that was shown before; it says nothing before all of that is typed."""

    @property
    def replaces(self) -> int:
        """How many UTF-16 units behind the gap the suggestion replaces."""
        return 0 if self.shown is None else self.shown.end - column_of(self.gap.snapshot.current, self.gap.end)


@dataclass(frozen=True, slots=True)
class Served:
    """An answer without the model; `suggestion` is None where the model is known to have nothing to add."""

    suggestion: Suggestion | None


def typed_since(then: Gap, now: Gap) -> str | None:
    """What was typed between `then` and `now`, with \\n line ends; None where anything else differs between them.

    Closers behind the cursor may come and go: editors put them in and take them out while one types.
    """
    old, new = then.snapshot, now.snapshot
    more = new.line - old.line
    if more < 0 or len(new.lines) - len(old.lines) != more or model_rest(then.after) != model_rest(now.after):
        return None
    if (old.earlier, old.later) != (new.earlier, new.later):
        return None
    first = new.lines[old.line] if more else now.before
    if not first.startswith(then.before):
        return None
    if new.lines[: old.line] != old.lines[: old.line] or new.lines[new.line + 1 :] != old.lines[old.line + 1 :]:
        return None
    typed = first if not more else "".join(new.lines[old.line : new.line]) + now.before
    return model_text(typed[len(then.before) :])


def rest_of(parked: Parked, now: Gap, settings: Settings) -> Served | None:
    """What `parked` leaves to suggest at `now`; None where it says nothing of that place."""
    typed = typed_since(parked.gap, now)
    if typed is None or not parked.written.startswith(typed) or len(typed) < len(parked.known):
        return None
    if not typed and parked.shown is None:
        return Served(None)
    if now.after == parked.gap.after and parked.shown is not None:
        # To the letter what the user has seen, whatever the rules would make of it at the new place.
        text = model_text(parked.shown.text)[len(parked.gap.chosen) :]
        if text.startswith(typed) and (rest := text[len(typed) :]).strip():
            return Served(_suggestion(now, rest, parked.replaces))
    rest = parked.written[len(typed) :]
    if not rest.strip():
        return None
    fitted = fit_ended(now, rest, parked.reason, settings)
    return None if fitted is None else Served(fitted)


def _suggestion(gap: Gap, rest: str, replaces: int) -> Suggestion:
    line, snapshot = gap.snapshot.current, gap.snapshot
    end = column_of(line, gap.end) + replaces
    text, replaced = gap.chosen + rest.replace("\n", snapshot.line_end), line[gap.start : index_of(line, end)]
    return Suggestion(text, snapshot.line, column_of(line, gap.start), end, replaced)


class ParkedTexts:
    """The last few answers of the last few documents, the newest first."""

    def __init__(self) -> None:
        self._by_document: dict[str, deque[Parked]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_document.values()))

    def put(self, parked: Parked) -> None:
        """Keep an answer; the oldest of its document, or of the document that waited longest, makes room."""
        uri = parked.gap.snapshot.uri
        kept = self._by_document.pop(uri, None) or deque(maxlen=_PER_DOCUMENT)
        self._by_document[uri] = kept
        kept.appendleft(parked)
        while len(self._by_document) > _DOCUMENTS:
            del self._by_document[next(iter(self._by_document))]

    def find(self, now: Gap, settings: Settings) -> Served | None:
        """What the newest answer that fits leaves to suggest at `now`."""
        found = (rest_of(parked, now, settings) for parked in self._by_document.get(now.snapshot.uri, ()))
        return next((served for served in found if served is not None), None)

    def predicted(self, now: Gap) -> str:
        """What the newest answer of that place wrote, as far as it is not typed yet: part of it may well come again.

        All of it where something else was typed than it began with.
        """
        for parked in self._by_document.get(now.snapshot.uri, ()):
            typed = typed_since(parked.gap, now)
            if typed is not None:
                return parked.written.removeprefix(typed)
        return ""

    def forget(self, uri: str | None = None) -> None:
        """Drop what is kept of a document, or all."""
        if uri is None:
            self._by_document.clear()
        else:
            self._by_document.pop(uri, None)

"""From a snapshot of a document to a suggestion: windows, query, the model's stream, rules, range.

The one place where documents and models meet. Decides nothing about when to ask; never raises for a silent model.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from mellum_ls.lsp_server.documents.positions import column_of, index_of
from mellum_ls.lsp_server.documents.store import Document, Place, Snapshot, bare
from mellum_ls.lsp_server.documents.uris import relative_path
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Query, Stream, Usage
from mellum_ls.lsp_server.prompt.secrets import without_secrets
from mellum_ls.lsp_server.prompt.windows import model_text, prefix_window, suffix_window
from mellum_ls.lsp_server.rules import postprocess, shape
from mellum_ls.lsp_server.rules.closers import model_rest, written_closers
from mellum_ls.lsp_server.rules.neighbourhood import neighbourhood
from mellum_ls.lsp_server.settings.fields import Settings

_LINES_BELOW = 8

Context = Sequence[tuple[str, str]]
"""Path and text of other files, the most stable first."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The entry that is chosen in the editor's completion menu: its text would replace start..end."""

    text: str
    start: Place
    end: Place


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text that replaces the columns start..end (UTF-16) of one line; the cursor lies in that range."""

    text: str
    line: int
    start: int
    end: int
    replaced: str = field(default="", compare=False)
    """The text between start and end, which clients compare with the suggestion."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: a suggestion if there is one worth showing, why the model ended, what it cost."""

    suggestion: Suggestion | None
    reason: str
    usage: Usage | None
    """None where the model was not asked, or not heard to the end."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a suggestion goes: the cursor's line split into what stays and what the suggestion replaces."""

    snapshot: Snapshot
    before: str
    """The line up to the gap, as if the selected menu entry stood there already."""
    after: str
    """The line behind the gap."""
    start: int
    """String index in the line where the replaced text starts."""
    end: int
    chosen: str = ""
    """The selected menu entry: every suggestion begins with it."""
    unit: str = ""
    """One step of indentation as the client has it set, empty when it does not say; the document's own goes first."""

    @staticmethod
    def of(snapshot: Snapshot, selected: Selected | None, unit: str = "") -> Gap:
        """The gap at the cursor; a selected entry is ignored when empty, on another line, or away from the cursor."""
        line, cursor = snapshot.current, snapshot.column
        if selected is not None and selected.text and selected.start.line == selected.end.line == snapshot.line:
            start = index_of(line, selected.start.character)
            end = index_of(line, selected.end.character)
            if start <= cursor <= end:
                return Gap(snapshot, line[:start] + selected.text, line[end:], start, end, selected.text, unit)
        return Gap(snapshot, line[:cursor], line[cursor:], cursor, cursor, unit=unit)

    @property
    def previous(self) -> str:
        """The nearest line above that is not blank, looked for within reason."""
        above = self.snapshot.lines[max(0, self.snapshot.line - _LINES_BELOW) : self.snapshot.line]
        return next((bare(line) for line in reversed(above) if line.strip()), "")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a suggestion is wanted, in the client's terms; it outlives the snapshot of a document."""

    place: Place
    selected: Selected | None = None
    unit: str = ""
    """One step of indentation as the client has it set, empty when it does not say."""
    end: Place | None = None
    """With an end place..end is selected, and what comes next takes that text's place."""

    def gap(self, document: Document) -> Gap:
        """The gap there in `document` as it is now."""
        return Gap.of(document.snapshot(self.place, self.end), self.selected, self.unit)


def query_for(gap: Gap, settings: Settings, roots: Sequence[str] = (), context: Context = ()) -> Query:
    """What to ask the model at `gap`, behind path and text of the files in `context`.

    Depends on nothing else: equal texts, cursors, settings and contexts make equal queries.
    """
    snapshot = gap.snapshot
    line = snapshot.lines[snapshot.line]
    rest = model_rest(gap.after) + line[len(bare(line)) :]
    prefix = prefix_window(snapshot.above, gap.before, settings.prefix_lines, settings.prefix_chars)
    suffix = suffix_window(rest, snapshot.below, settings.suffix_chars)
    return Query(
        session=snapshot.uri,
        prefix=without_secrets(model_text(prefix)),
        suffix=without_secrets(model_text(suffix)),
        path=model_text(relative_path(snapshot.uri, roots)),
        context=tuple(context),
        max_tokens=settings.max_tokens,
        stop=shape.stop_mode(gap.before, gap.after, gap.previous) if settings.max_lines > 1 else "line",
    )


def fit(gap: Gap, written: str, settings: Settings, *, whole: bool = True) -> Suggestion | None:
    """The suggestion that `written` by a model makes at `gap`; None when nothing of it is worth showing.

    A text that is not `whole` still grows, so that its brackets may yet be closed.
    """
    snapshot = gap.snapshot
    around = postprocess.Surroundings.of(snapshot.lines, snapshot.line, gap.before, gap.after, gap.unit)
    # A client shows what extends its chosen entry only where it replaces the entry's own range and no more.
    taken = 0 if gap.chosen else written_closers(gap.before, written, gap.after)
    fitted = None
    if taken:
        behind = replace(around, after=gap.after[taken:])
        fitted = postprocess.finish(written, behind, settings.max_lines, snapshot.line_end)
        # The rules may have cut off the very closers that were to replace those behind the cursor.
        if fitted is not None and written_closers(gap.before, fitted.text, gap.after) < taken:
            fitted = None
    if fitted is None:
        taken = 0
        fitted = postprocess.finish(written, around, settings.max_lines, snapshot.line_end)
    if fitted is not None and whole:
        fitted = balanced(gap, fitted, taken)
    if fitted is None or (gap.chosen and fitted.replaces):
        return None
    line, end = snapshot.current, gap.end + taken + fitted.replaces
    columns = column_of(line, gap.start), column_of(line, end)
    return Suggestion(gap.chosen + fitted.text, snapshot.line, *columns, line[gap.start : end])


def balanced(gap: Gap, fitted: postprocess.Fitted, taken: int) -> postprocess.Fitted | None:
    """What of a suggestion that also replaces `taken` closers behind the gap leaves no bracket or quote open."""
    above, below = neighbourhood(gap.snapshot.lines, gap.snapshot.line)
    return postprocess.balance(fitted, above + gap.before, gap.after[taken:] + below)


def fit_ended(gap: Gap, written: str, reason: str, settings: Settings) -> Suggestion | None:
    """The suggestion of a text that ended for `reason`: the budget and a loop leave a last line that is not whole."""
    if reason == "loop":
        written = postprocess.drop_looping_line(written)
    elif reason == "length":
        written = postprocess.drop_unfinished_line(written)
    return fit(gap, written, settings)


async def complete(gap: Gap, stream: Stream, settings: Settings) -> Answer:
    """The suggestion at `gap` that a model's whole answer makes.

    Raises BackendUnavailable. Cancelling stops the model.
    """
    async with aclosing(stream) as items:
        async for item in items:
            if isinstance(item, Done):
                return Answer(fit_ended(gap, item.text, item.reason, settings), item.reason, item.usage)
    raise BackendUnavailable("the model broke off in the middle of its answer")

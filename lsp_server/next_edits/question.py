"""The conversation that asks a model for a next edit: what was changed, code around and elsewhere, the part, the form.

Knows texts that have lost their secrets already; no documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.context.edits.types import Hunk
from mellum_ls.lsp_server.model.backend import Message
from mellum_ls.lsp_server.prompt.secrets import without_secrets
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.rewriting.fenced import fenced

ABOVE_CHARS, BELOW_CHARS = 2_000, 1_000
MOST_HUNKS = 6
_SYSTEM = (
    "You foresee what a programmer changes next. You see his last changes and a part of a file. Write the part as it "
    "is once he has made the changes that follow from the last ones, such as other uses of what he has changed. Keep "
    "everything else as it is, never take his changes back, and where nothing follows repeat the part unchanged."
)
_FORM = (
    "Answer with one fenced code block and nothing else. It holds all lines of the part, from the first to the last, "
    "and none of the code before or behind it."
)


@dataclass(frozen=True, slots=True)
class Question:
    """About the lines `first` to `last`, both part of it, of the file `path`. Lines without ends."""

    path: str
    language: str
    lines: Sequence[str]
    first: int
    last: int
    hunks: Sequence[Hunk]
    """The latest first."""
    related: Sequence[tuple[str, str]] = ()

    @property
    def part(self) -> str:
        """The lines in question."""
        return "\n".join(self.lines[self.first : self.last + 1])

    @property
    def predicted(self) -> str:
        """What the answer is if nothing follows, and mostly in any case."""
        return fenced(self.part, self.language)

    def messages(self) -> tuple[Message, ...]:
        """The question; what stays the same from one part of a file to the next comes first."""
        sections = []
        if self.related:
            sections += ["Code of other files:", *(f"{path}\n{fenced(text)}" for path, text in self.related)]
        sections += ["The last changes, the oldest first:", blocks(self.hunks[:MOST_HUNKS])]
        above = _ended_at_lines("\n".join(self.lines[: self.first]), -ABOVE_CHARS)
        below = _ended_at_lines("\n".join(self.lines[self.last + 1 :]), BELOW_CHARS)
        sections += [f"The file {self.path}, where the programmer is now."]
        if above.strip():
            sections += ["The code before the part:", fenced(above, self.language)]
        if below.strip():
            sections += ["The code behind the part:", fenced(below, self.language)]
        sections += [f"The part, lines {self.first + 1} to {self.last + 1}:", self.predicted, _FORM]
        return Message("system", _SYSTEM), Message("user", model_text("\n\n".join(sections)))


def blocks(hunks: Sequence[Hunk]) -> str:
    """The changes as original and updated lines, the oldest first."""
    told = [
        f"{hunk.path}\n<original>\n{_lines(hunk.old)}</original>\n<updated>\n{_lines(hunk.new)}</updated>"
        for hunk in reversed(hunks)
    ]
    return without_secrets("\n".join(told))


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _ended_at_lines(text: str, chars: int) -> str:
    """The first so many characters, or the last where `chars` is negative, of whole lines."""
    if len(text) <= abs(chars):
        return text
    return text[chars:].partition("\n")[2] if chars < 0 else text[:chars].rpartition("\n")[0]

"""The conversation that asks a model for an action: the problems, the code around, the part, the form of the answer.

Knows texts that have lost their secrets already, and no document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.actions.kinds import DOCUMENT, EXPLAIN, FIX, REFACTOR, TESTS, Kind
from mellum_ls.lsp_server.actions.wanted import Problem
from mellum_ls.lsp_server.model.backend import Message
from mellum_ls.lsp_server.rewriting.fenced import fenced

ABOVE_CHARS, BELOW_CHARS, RELATED_CHARS, HEADS_CHARS = 6_000, 3_000, 8_000, 2_000
"""Most characters of the code before the part, behind it, of other files, and of the heads of the file's symbols."""
TESTS_CHARS = 3_000
"""Most characters of the beginning of a file of tests, and of its end."""

_EDITOR = (
    "You change code for a programmer who reads every line of it. Do exactly what is asked and nothing else: keep "
    "names, style, indentation and everything that is not concerned as they are, and leave nothing out."
)
_EXPLAINER = "You explain code to the programmer who reads it: briefly, exactly, in Markdown."
_TASKS = {
    FIX: "Fix the problem in the part.",
    DOCUMENT: "Write the documentation comment or docstring that the part lacks, in the way of the language, or bring "
    "it up to date. Change no code.",
    EXPLAIN: "Explain what the part does, how, and what is surprising about it.",
    TESTS: "Write tests of the part, in the way of the language and of the project.",
    REFACTOR: "Change the part as the programmer asks.",
}
_EDIT_FORM = (
    "Answer with one fenced code block and nothing else. It holds the new text of the part, all of its lines from the "
    "first to the last, and none of the code before or behind it."
)
_FILE_FORM = (
    "Answer with one fenced code block and nothing else. It holds the whole text of the new file {path}, with all "
    "that it imports."
)


_MORE_FORM = (
    "Answer with one fenced code block and nothing else. It holds what is to be added to {path}: the imports that are "
    "missing there, if any, and behind them the new tests. It repeats nothing that the file holds already."
)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is said of one action. Lines without ends."""

    kind: Kind
    path: str
    language: str
    lines: Sequence[str]
    first: int
    last: int
    heads: Sequence[str] = ()
    """Signatures of the symbols of the file, those around the part included."""
    related: Sequence[tuple[str, str]] = ()
    """Path and text of pieces of other files, the most useful first."""
    problems: Sequence[Problem] = ()
    instruction: str = ""
    new_file: str = ""
    """Path of the file that is to be written, where it is another."""
    there: str = ""
    """What stands in that file, empty where it is not there yet."""

    @property
    def part(self) -> str:
        """The lines that the action is about."""
        return "\n".join(self.lines[self.first : self.last + 1])


def conversation(situation: Situation) -> tuple[Message, ...]:
    """The question, as a system message and the user's."""
    kind = situation.kind
    sections = [f"The file is {situation.path or 'new'}, written in {situation.language or 'an unknown language'}."]
    if related := _within(situation.related, RELATED_CHARS):
        sections += ["Code of other files that it uses or resembles:", *(_shown(path, text) for path, text in related)]
    if heads := "\n".join(situation.heads)[:HEADS_CHARS]:
        sections += ["The file defines:", fenced(heads)]
    above = "\n".join(situation.lines[: situation.first])[-ABOVE_CHARS:]
    below = "\n".join(situation.lines[situation.last + 1 :])[:BELOW_CHARS]
    if above.strip():
        sections += ["The code before the part:", fenced(above, situation.language)]
    if below.strip():
        sections += ["The code behind the part:", fenced(below, situation.language)]
    sections += [f"The part, lines {situation.first + 1} to {situation.last + 1}:"]
    sections += [fenced(situation.part, situation.language)]
    if situation.problems:
        sections += ["Problems that tools report:", "\n".join(map(_said, situation.problems))]
    sections += [_TASKS[kind]]
    if situation.instruction:
        sections += [f"The programmer asks: {situation.instruction}"]
    if kind is TESTS and situation.there:
        head, tail = situation.there[:TESTS_CHARS], situation.there[TESTS_CHARS:][-TESTS_CHARS:]
        sections += [f"The tests stand in {situation.new_file}, which begins:", fenced(head)]
        sections += ["It ends:", fenced(tail)] if tail.strip() else []
        sections += [_MORE_FORM.format(path=situation.new_file)]
    elif kind is TESTS:
        sections += [_FILE_FORM.format(path=situation.new_file)]
    elif kind.makes_edit:
        sections += [_EDIT_FORM]
    system = _EDITOR if kind.makes_edit else _EXPLAINER
    return Message("system", system), Message("user", "\n\n".join(sections))


def once_more(messages: Sequence[Message], answer: str, reason: str) -> tuple[Message, ...]:
    """The conversation gone on after an answer that could not be used, and why."""
    again = f"This could not be used: {reason}. Answer again, in the form that was asked for."
    return *messages, Message("assistant", answer), Message("user", again)


def _said(problem: Problem) -> str:
    origin = " ".join(word for word in (problem.source, problem.code) if word)
    return f"- line {problem.line + 1}: {problem.message}" + (f" ({origin})" if origin else "")


def _shown(path: str, text: str) -> str:
    return f"{path}\n{fenced(text)}"


def _within(pieces: Sequence[tuple[str, str]], chars: int) -> list[tuple[str, str]]:
    """The first pieces that fit; one that does not is left out whole."""
    kept = []
    for path, text in pieces:
        if len(text) + len(path) <= chars:
            kept.append((path, text))
            chars -= len(text) + len(path)
    return kept

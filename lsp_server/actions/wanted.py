"""What one action is to do, complete in itself: it travels to the client and back, and nothing is kept of it here."""

from __future__ import annotations

from dataclasses import dataclass

from mellum_ls.lsp_server.actions.kinds import BY_NAME, Kind
from mellum_ls.lsp_server.wire import json_fields
from mellum_ls.lsp_server.wire.json_fields import Json, ParamsError


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic of the client. Lines count from 0."""

    line: int
    message: str
    code: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One action on the lines `first` to `last` (from 0, both part of it) of a document."""

    kind: Kind
    uri: str
    first: int
    last: int
    revision: int | None = None
    """Of the document when the action was listed; None where that is no matter."""
    problems: tuple[Problem, ...] = ()
    instruction: str = ""

    def data(self) -> dict[str, object]:
        """The JSON that `read` understands."""
        return {
            "kind": self.kind.name,
            "uri": self.uri,
            "lines": [self.first, self.last],
            "revision": self.revision,
            "problems": [[each.line, each.message, each.code, each.source] for each in self.problems],
            "instruction": self.instruction,
        }


def read(raw: object) -> Wanted:
    """What `data` gave, or what a client has written: `revision`, `problems` and `instruction` may be missing.

    Raises ParamsError.
    """
    if not isinstance(raw, dict):
        raise ParamsError("the action should be an object")
    kind = BY_NAME.get(json_fields.text(raw, "kind"))
    if kind is None:
        raise ParamsError(f"kind should be one of {', '.join(BY_NAME)}")
    lines = json_fields.sequence(raw, "lines")
    if len(lines) != 2 or not all(type(line) is int and line >= 0 for line in lines):
        raise ParamsError("lines should hold two line numbers")
    first, last = (line for line in lines if isinstance(line, int))
    return Wanted(
        kind,
        json_fields.text(raw, "uri"),
        first,
        max(first, last),
        json_fields.optional(raw, "revision", int),
        tuple(map(_problem, json_fields.optional(raw, "problems", list) or ())),
        json_fields.optional(raw, "instruction", str) or "",
    )


def _problem(raw: object) -> Problem:
    if isinstance(raw, list) and len(raw) == 4 and type(raw[0]) is int and all(isinstance(x, str) for x in raw[1:]):
        return Problem(*raw)
    raise ParamsError("problems should hold lists of a line and three texts")


def problem_of(diagnostic: Json) -> Problem | None:
    """A diagnostic as the protocol has it; None for one that says nothing."""
    start = json_fields.lenient_mapping(json_fields.lenient_mapping(diagnostic, "range"), "start")
    line, message, code, source = start.get("line"), diagnostic.get("message"), diagnostic.get("code"), ""
    if isinstance(message, dict):
        message = message.get("value")  # MarkupContent
    if isinstance(diagnostic.get("source"), str):
        source = str(diagnostic["source"])
    if type(line) is not int or line < 0 or not isinstance(message, str) or not message.strip():
        return None
    return Problem(line, message, str(code) if isinstance(code, str | int) else "", source)

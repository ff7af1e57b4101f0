"""The kinds of code actions: what each is called, in the protocol and in an editor's menu. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of action."""

    name: str
    """What this server calls it, in data and commands."""
    code: str
    """The protocol's CodeActionKind."""
    makes_edit: bool
    """Whether it changes documents; else it shows a text."""
    progress: str
    """What is being done, for a progress bar."""
    nothing: str
    """What is said when nothing came of it."""


FIX = Kind("fix", "quickfix", True, "fixing", "no fix found")
EXPLAIN = Kind("explain", "source.mellum.explain", False, "explaining", "no explanation")
DOCUMENT = Kind("document", "refactor.rewrite.mellum.document", True, "documenting", "no documentation written")
TESTS = Kind("tests", "source.mellum.tests", True, "writing tests", "no tests written")
REFACTOR = Kind("refactor", "refactor.rewrite.mellum", True, "rewriting", "nothing was rewritten")
KINDS = (FIX, EXPLAIN, DOCUMENT, TESTS, REFACTOR)
BY_NAME = {kind.name: kind for kind in KINDS}


def asked_for(kind: Kind, only: tuple[str, ...]) -> bool:
    """Whether a client that wants no more than the kinds in `only`, or all where it is empty, wants this one."""
    return not only or any(kind.code == wanted or kind.code.startswith(wanted + ".") for wanted in only)

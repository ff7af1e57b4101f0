"""Whether each grammar loads and parses; a language whose grammar does not is completed without its context."""

from __future__ import annotations

from collections.abc import Iterable

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.parsing import parse
from mellum_ls.lsp_server.doctor.checks import Check

# Text without meaning in most languages: a parser gives a tree for anything, with errors marked in it.
SAMPLE = b"name = 1\n"
_REMEDY = "install mellum-ls again: each grammar is a package of its own"


def checks(grammars: Iterable[Grammar] | None = None) -> list[Check]:
    """The group; `grammars` None stands for all of the table."""
    table = tuple(GRAMMARS if grammars is None else grammars)
    broken = {grammar.name: reason for grammar in table if (reason := _fault(grammar))}
    listed = tuple(f"{name}: {reason}" for name, reason in broken.items())
    if len(broken) == len(table):
        return [Check("grammars", "failure", "no language can be parsed", _REMEDY, listed)]
    works = Check("grammars", "ok", f"{len(table) - len(broken)} of {len(table)} languages can be parsed")
    if not broken:
        return [works]
    says = f"{len(broken)} cannot be parsed and {'is' if len(broken) == 1 else 'are'} read as plain text"
    return [works, Check("broken grammars", "warning", says, _REMEDY, listed)]


def _fault(grammar: Grammar) -> str:
    """Why it cannot be used; empty where it can."""
    try:
        grammar.load()
        tree = parse(SAMPLE, grammar)
    except Exception as error:  # noqa: BLE001 -- a wheel for another version fails in ways of its own
        return f"{type(error).__name__}: {error}"
    return "" if tree is not None else "gives no tree"

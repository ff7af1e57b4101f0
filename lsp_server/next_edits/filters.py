"""Which proposed edits are not worth showing, each rule a pure function of the edit, the text, and what was changed.

An answer is the reason in words for the user, empty for an edit that passes. Knows no documents and no models.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from mellum_ls.context.edits.types import Hunk, Proposal
from mellum_ls.lsp_server.rewriting.spots import text_in, with_replaced

MOST_LINES_GONE = 8
"""An edit may leave so many lines fewer than there were, unless the user has just deleted more himself."""
_WORD = re.compile(r"\w+|[^\w\s]")
_IMPORT = re.compile(
    r"\s*(from\s+\S+\s+import\b|import\b|\#\s*include\b|use\s|using\s(?!\s*\()|require(_relative)?\b|@import\b"
    r"|export\s.*\sfrom\s|(const|let|var)\s.*=\s*(require|await\s+import)\s*\()"
)
# An import of more lines than this is taken for something else.
_LONG_IMPORT = 60


def why_not(proposal: Proposal, text: str, hunks: Sequence[Hunk], language_id: str = "") -> str:
    r"""Why `proposal` is not to be shown in `text`, whose lines end at \n; empty when it is.

    `hunks` are the user's changes, the latest first, those of other files too.
    """
    if reason := no_edit(proposal, text):
        return reason
    own = [hunk for hunk in hunks if hunk.path == proposal.path]
    return (
        takes_back(proposal, text, own)
        or imports_only(proposal, text, hunks)
        or deletes_much(proposal, hunks)
        # What the symbolic engine proposes it has parsed itself, which is most of its time.
        or (breaks_syntax(proposal, text, language_id) if proposal.kind == "model" else "")
    )


def no_edit(proposal: Proposal, text: str) -> str:
    """Whether it is for another text, or changes nothing that can be seen."""
    if text_in(text, proposal.span) != proposal.old:
        return "the text that it was for is another now"
    if proposal.old == proposal.new:
        return "it changes nothing"
    if "".join(proposal.old.split()) == "".join(proposal.new.split()) and not _joins_words(proposal):
        return "it changes white space only"
    return ""


def _joins_words(proposal: Proposal) -> bool:
    return _WORD.findall(proposal.old) != _WORD.findall(proposal.new)


def takes_back(proposal: Proposal, text: str, hunks: Sequence[Hunk]) -> str:
    """Whether it leads back from what the user has written to what stood there, or a part of it.

    `hunks` are the changes of the same file.
    """
    first, last = proposal.span.start_line, proposal.span.end_line
    before = text.split("\n")[first : last + 1]
    after = with_replaced(text, proposal.span, proposal.new).split("\n")[first : first + _lines_after(proposal)]
    goes, comes = _difference(_words(before), _words(after))
    for hunk in hunks:
        end = hunk.start_line + max(len(hunk.new), 1)
        near = first <= end and last >= hunk.start_line - 1
        added, removed = _difference(_words(hunk.new), _words(hunk.old))
        # Elsewhere it is taken back only where as much goes as comes: what a rename has replaced, put back.
        if (near or (goes and comes)) and (goes or comes) and goes <= added and comes <= removed:
            return "it would take back what was just changed"
    return ""


def _lines_after(proposal: Proposal) -> int:
    return proposal.new.count("\n") + 1


def _words(lines: Sequence[str]) -> Counter[str]:
    return Counter(word for line in lines for word in _WORD.findall(line))


def _difference(one: Counter[str], other: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    return one - other, other - one


def imports_only(proposal: Proposal, text: str, hunks: Sequence[Hunk]) -> str:
    """Whether it touches nothing but imports, though the user's own last change was another."""
    if hunks and _all_imports(hunks[0].new or hunks[0].old):
        return ""
    lines = text.split("\n")
    after = with_replaced(text, proposal.span, proposal.new).split("\n")
    first, last = proposal.span.start_line, proposal.span.end_line
    goes = _touched(lines, first, last, after[first : first + _lines_after(proposal)])
    comes = _touched(after, first, first + _lines_after(proposal) - 1, lines[first : last + 1])
    touched = [*(is_import(lines, line) for line in goes), *(is_import(after, line) for line in comes)]
    return "it changes imports only" if touched and all(touched) else ""


def _all_imports(lines: Sequence[str]) -> bool:
    seen = [index for index, line in enumerate(lines) if line.strip()]
    return bool(seen) and all(is_import(lines, index) for index in seen)


def _touched(lines: Sequence[str], first: int, last: int, others: Sequence[str]) -> list[int]:
    """Those lines of first..last that are not blank and not among `others`."""
    return [line for line in range(first, last + 1) if lines[line].strip() and lines[line] not in others]


def is_import(lines: Sequence[str], index: int) -> bool:
    """Whether the line belongs to an import statement, as most languages write them."""
    if _IMPORT.match(lines[index]):
        return True
    open_brackets = 0
    for above in range(index - 1, max(index - _LONG_IMPORT, -1), -1):
        line = lines[above]
        open_brackets += sum(map(line.count, "({")) - sum(map(line.count, ")}"))
        if _IMPORT.match(line):
            return open_brackets > 0
        if open_brackets > 0:
            return False
    return False


def deletes_much(proposal: Proposal, hunks: Sequence[Hunk] = (), most: int = MOST_LINES_GONE) -> str:
    """Whether more goes than somebody would want to lose by a key."""
    if hunks:
        most = max(most, len(hunks[0].old) - len(hunks[0].new))
    gone = sum(1 for line in proposal.old.split("\n") if line.strip()) - sum(
        1 for line in proposal.new.split("\n") if line.strip()
    )
    return "it would delete too much" if gone > most else ""


def breaks_syntax(proposal: Proposal, text: str, language_id: str = "") -> str:
    """Whether the file parses worse with it than without; a language without a grammar always passes."""
    # Parsers are loaded when something is to be judged, not at the start.
    from mellum_ls.context.edits.syntax import gets_worse
    from mellum_ls.context.languages.grammars import grammar_of

    grammar = grammar_of(proposal.path, language_id)
    if grammar is None:
        return ""
    worse = gets_worse(text, with_replaced(text, proposal.span, proposal.new), grammar)
    return "it would leave the file with an error of syntax" if worse else ""

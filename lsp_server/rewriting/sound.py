"""Whether new lines for a part of a text can be meant: nothing left out or repeated. Knows no language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mellum_ls.lsp_server.rewriting.fenced import Malformed

_REDACTED = "<redacted>"
_ELISION = re.compile(
    r"^\s*(?:(?:#|//|--|;|/\*|<!--|\{/\*)\s*)?(?:\.\.\.|…|\[\.\.\.\]).*\w|"
    r"^\s*(?:#|//|--|;|/\*|<!--).*\b(?:rest|remaining|existing|unchanged|same|omitted|previous)\b.*(?:\.\.\.|…|code)",
    re.IGNORECASE,
)
MOST_GROWTH = 200
"""Lines by which a region may grow, besides becoming three times as long."""


def fitted(new: Sequence[str], old: Sequence[str]) -> list[str]:
    """`new` without blank lines that `old` has not at its ends, indented as a whole like `old`."""
    lines = list(new)
    while len(lines) > 1 and not lines[0].strip() and old[0].strip():
        del lines[0]
    while len(lines) > 1 and not lines[-1].strip() and old[-1].strip():
        del lines[-1]
    have, want = _indent(lines), _indent(old)
    if have == want:
        return lines
    if want.startswith(have):
        more = want[len(have) :]
        return [more + line if line.strip() else line for line in lines]
    if have.startswith(want) and all(line.startswith(have) or not line.strip() for line in lines):
        return [want + line[len(have) :] if line.strip() else line for line in lines]
    return lines


def refuse_gaps(old: Sequence[str], new: Sequence[str]) -> None:
    """Raise Malformed where lines of `new` stand for code or for a secret that they do not say."""
    if any(_ELISION.match(line) and line not in old for line in new):
        raise Malformed("the answer leaves out code instead of repeating it")
    if _REDACTED in "\n".join(new):
        raise Malformed("the answer has a placeholder in place of a secret")


def refuse_unsound(lines: Sequence[str], first: int, last: int, new: Sequence[str]) -> None:
    """Raise Malformed where `new` cannot be meant to take the place of the `lines` first..last, both part of it."""
    old = lines[first : last + 1]
    if list(new) == list(old):
        raise Malformed("the answer changes nothing")
    if len(new) > 3 * len(old) + MOST_GROWTH:
        raise Malformed("the answer is far longer than the part that it replaces")
    refuse_gaps(old, new)
    _refuse_neighbours(lines, (first, last), old, new)


def _refuse_neighbours(lines: Sequence[str], part: tuple[int, int], old: Sequence[str], new: Sequence[str]) -> None:
    """Lines around the part that are repeated in its new text would stand there twice."""
    above, below = _first(reversed(lines[: part[0]])), _first(lines[part[1] + 1 :])
    if _says(above) and _first(new) == above != _first(old):
        raise Malformed("the answer repeats the code before the part")
    if _says(below) and _first(reversed(new)) == below != _first(reversed(old)):
        raise Malformed("the answer repeats the code behind the part")


def _first(lines: Iterable[str]) -> str:
    """The first line that is not blank; empty where there is none."""
    return next((line for line in lines if line.strip()), "")


def _says(line: str) -> bool:
    return sum(map(str.isalnum, line)) > 2


def _indent(lines: Sequence[str]) -> str:
    first = _first(lines)
    return first[: len(first) - len(first.lstrip())]

"""Whether new lines for a region can be offered: nothing left out, nothing else touched, no new fault of syntax."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mellum_ls.context.languages.parsed import Parsed, parsed
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, FIX, Kind
from mellum_ls.lsp_server.actions.parse_answer import Malformed
from mellum_ls.lsp_server.actions.region import Region

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


def check(before: Parsed, region: Region, new: Sequence[str], kind: Kind, path: str, language_id: str) -> str:
    """The text with `new` in place of the region. Raises Malformed where it cannot be offered."""
    lines = before.text.split("\n")
    old = lines[region.first : region.last + 1]
    if list(new) == old:
        raise Malformed("the answer changes nothing")
    if len(new) > 3 * len(old) + MOST_GROWTH:
        raise Malformed("the answer is far longer than the part that it replaces")
    if any(_ELISION.match(line) and line not in old for line in new):
        raise Malformed("the answer leaves out code instead of repeating it")
    if _REDACTED in "\n".join(new):
        raise Malformed("the answer has a placeholder in place of a secret")
    _refuse_neighbours(lines, region, old, new)
    whole = "\n".join([*lines[: region.first], *new, *lines[region.last + 1 :]])
    after = parsed(whole, path, language_id)
    if after.faults > before.faults:
        raise Malformed("the answer has a fault of syntax")
    if kind is DOCUMENT and after.code() != before.code():
        raise Malformed("the answer changes code, and only comments were to be written")
    if kind is FIX:
        last = region.first + len(new) - 1
        lost = before.within(region.first, region.last) - after.within(region.first, last)
        if lost:
            raise Malformed(f"the answer loses {', '.join(sorted(lost))}")
    return whole


def _refuse_neighbours(lines: Sequence[str], region: Region, old: Sequence[str], new: Sequence[str]) -> None:
    """Lines around the region that are repeated in its new text would stand there twice."""
    above, below = _first(reversed(lines[: region.first])), _first(lines[region.last + 1 :])
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

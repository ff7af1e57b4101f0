"""Whether new lines for a region can be offered: sound, nothing lost, no new fault of syntax."""

from __future__ import annotations

from collections.abc import Sequence

from mellum_ls.context.languages.parsed import Parsed, parsed
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, FIX, Kind
from mellum_ls.lsp_server.actions.region import Region
from mellum_ls.lsp_server.rewriting.fenced import Malformed
from mellum_ls.lsp_server.rewriting.sound import refuse_unsound


def check(before: Parsed, region: Region, new: Sequence[str], kind: Kind, path: str, language_id: str) -> str:
    """The text with `new` in place of the region. Raises Malformed where it cannot be offered."""
    lines = before.text.split("\n")
    refuse_unsound(lines, region.first, region.last, new)
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

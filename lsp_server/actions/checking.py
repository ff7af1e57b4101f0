"""Whether new lines for a region can be offered: sound, nothing lost, no new fault of syntax or unknown name."""

from __future__ import annotations

from collections.abc import Sequence

from mellum_ls.context.edits.undefined import undefined
from mellum_ls.context.languages.parsed import Parsed, parsed
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, FIX, REFACTOR, Kind
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
    last = region.first + len(new) - 1
    if kind in (FIX, REFACTOR):
        # What the client's tools would say of it cannot be asked before it is made; this is what they say most.
        named = path if path.endswith((".py", ".pyi")) or language_id != "python" else "document.py"
        brought = undefined(named, whole, region.first, last)
        # Not what was as unknown before; most answers bring none, and the old text need not be looked at.
        brought -= undefined(named, before.text, among=brought) if brought else frozenset()
        if brought:
            raise Malformed(f"the answer uses {', '.join(sorted(brought))}, which nothing defines")
    if kind is FIX:
        lost = before.within(region.first, region.last) - after.within(region.first, last)
        if lost:
            raise Malformed(f"the answer loses {', '.join(sorted(lost))}")
    return whole

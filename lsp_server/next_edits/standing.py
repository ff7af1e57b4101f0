"""The edits that stand proposed for each document, kept right while the user types.

Knows proposals and changes of documents; not where proposals come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.documents.edit_history import Replaced
from mellum_ls.lsp_server.next_edits.rebasing import rebased


@dataclass(slots=True)
class _Stand:
    offered: Proposal | None = None
    """The one that the client has."""
    id: str = ""
    others: list[Proposal] = field(default_factory=list)
    """Those that came with it, the best first."""
    fresh: bool = True
    """Whether nothing but typing along has happened since it was found."""


class Standing:
    """By URI of the document."""

    def __init__(self) -> None:
        self._stands: dict[str, _Stand] = {}

    def __len__(self) -> int:
        return len(self._stands)

    def put(self, uri: str, offered: Proposal, edit_id: str, others: Sequence[Proposal] = ()) -> None:
        """`offered` goes to the client under `edit_id`; `others` may come next."""
        self._stands[uri] = _Stand(offered, edit_id, list(others))

    def of(self, uri: str) -> tuple[Proposal, str] | None:
        """What the client has and what is still right without asking anybody; None where there is no such thing."""
        stand = self._stands.get(uri)
        return (stand.offered, stand.id) if stand is not None and stand.offered is not None and stand.fresh else None

    def written_before(self, uri: str) -> list[Proposal]:
        """What a model has proposed and what has moved with the text since, the best first."""
        stand = self._stands.get(uri)
        if stand is None:
            return []
        known = [stand.offered, *stand.others] if stand.offered is not None else stand.others
        return [proposal for proposal in known if proposal.kind == "model"]

    def id_of(self, uri: str, proposal: Proposal) -> str:
        """The id under which the client has this very proposal; empty where it has it not."""
        stand = self._stands.get(uri)
        return stand.id if stand is not None and stand.offered == proposal else ""

    def follow(self, uri: str, change: Sequence[Replaced]) -> str:
        """The document has changed: move, shorten or drop what stands. The id of an edit that is written out now."""
        stand = self._stands.get(uri)
        if stand is None:
            return ""
        before, written = stand.offered, ""
        for edit in change:
            if stand.offered is not None:
                moved = rebased(stand.offered, edit)
                if moved == "written":
                    written, moved = stand.id, None
                stand.offered = moved
            kept = (rebased(proposal, edit) for proposal in stand.others)
            stand.others = [proposal for proposal in kept if proposal is not None and proposal != "written"]
        stand.fresh = stand.fresh and _typed_along(before, stand.offered)
        if stand.offered is None and not stand.others:
            del self._stands[uri]
        return written

    def drop(self, uri: str) -> None:
        """What the client has is not wanted; what came with it may be."""
        if (stand := self._stands.get(uri)) is not None:
            stand.offered, stand.id = None, ""

    def forget(self, uri: str) -> None:
        """The document is another, or gone."""
        self._stands.pop(uri, None)


def _typed_along(before: Proposal | None, now: Proposal | None) -> bool:
    return before is not None and now is not None and (before.old, before.new) != (now.old, now.new)

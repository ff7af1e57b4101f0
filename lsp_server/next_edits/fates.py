"""The next edits that clients were given, by id, and what became of each. Keeps the last few, writes nothing."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.documents.store import Place

KEPT = 64
Fate = Literal["", "accepted", "written", "rejected"]
# accepted, rejected: the client says so; written: its text stands there though nobody said so.


@dataclass(slots=True, eq=False)
class NextEdit:
    """One proposal on its way to a client: in `uri`, `text` instead of start..end."""

    id: str
    uri: str
    version: int | None
    """The client's version of the document that it is for; None for a document that is not open."""
    start: Place
    end: Place
    text: str
    """With the line ends of the document."""
    proposal: Proposal
    shown: bool = False
    fate: Fate = ""


class Fates:
    """At most KEPT edits are remembered; what is told of an older one is not understood any more."""

    def __init__(self) -> None:
        self._edits: OrderedDict[str, NextEdit] = OrderedDict()
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._edits)

    def offer(self, edit: NextEdit) -> NextEdit:
        """`edit` goes to the client; without an id it gets a new one."""
        if not edit.id:
            edit.id = uuid4().hex
            self._counts["offered"] += 1
        self._edits[edit.id] = edit
        while len(self._edits) > KEPT:
            self._edits.popitem(last=False)
        return edit

    def shown(self, edit_id: str) -> NextEdit | None:
        """The client has shown it. None when the id means nothing (any more)."""
        edit = self._edits.get(edit_id)
        if edit is not None and not edit.shown:
            edit.shown = True
            self._counts["shown"] += 1
        return edit

    def settle(self, edit_id: str, fate: Fate) -> NextEdit | None:
        """Its fate is known; the edit where that is news. What stands there by itself may yet be called accepted."""
        edit = self._edits.get(edit_id)
        if edit is None or edit.fate in ("accepted", "rejected", fate):
            return None
        if edit.fate == "written":
            self._counts["written"] -= 1
        edit.fate = fate
        self._counts[fate] += 1
        return edit

    def report(self) -> dict[str, int]:
        """How many edits there were of each fate."""
        return {name: self._counts[name] for name in ("offered", "shown", "accepted", "written", "rejected")}

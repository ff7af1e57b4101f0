"""What an engine of next edits is given, and what it is: the one interface of the symbolic and of the model engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.documents.store import Snapshot

if TYPE_CHECKING:
    from mellum_ls.context.index.rows import Index


@dataclass(frozen=True, slots=True)
class Situation:
    r"""Where the user is and what he has changed. Nothing in it changes afterwards; texts have \n line ends."""

    snapshot: Snapshot
    """The document and the cursor in it."""
    path: str
    text: str
    log: EditLog
    """What was changed of late in files of the same folder. Goes on with the user; whoever proposes in a text that is
    another by then is not heard."""
    texts: Mapping[str, str]
    """The open documents of the folder, those that a model may see."""
    index: Index | None = None
    read: Callable[[str], str | None] = lambda path: None
    """A file of the folder without its secrets; None where there is none to be had. For one thread at a time."""


InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something that takes time in a thread, one thing after the other, and gives what it returned."""


class NothingFound(Exception):
    """An engine has nothing to propose; the message says why, in words for the user."""


class Engine(Protocol):
    """A source of next edits."""

    async def propose(self, situation: Situation) -> Sequence[Proposal]:
        """What the user may want to change next, the best first. Cancelling stops the work. May raise NothingFound."""

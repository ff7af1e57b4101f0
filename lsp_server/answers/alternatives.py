"""Several suggestions for one cursor, for users who ask by hand and leaf through them: the likeliest first.

Asks a model for one after the other; decides nothing about when that is worth it. Knows no model and no protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mellum_ls.lsp_server.answers.completer import Gap, Suggestion, complete
from mellum_ls.lsp_server.documents.positions import index_of
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Query, Stream
from mellum_ls.lsp_server.settings.fields import Settings

_STOPPED = ("cancelled", "superseded")


async def alternatives(
    gap: Gap, query: Query, ask: Callable[[Query], Stream], settings: Settings, first: Suggestion | None, count: int
) -> tuple[Suggestion, ...]:
    """The suggestions at `gap` of the ranks below `count`, each of which leaves another document when accepted.

    `ask` asks the model. `first` is that of rank 0 where it is known already.
    Raises BackendUnavailable when there is nothing to show; a model that fails later, or that something newer stops,
    leaves those that came before. Cancelling stops the model.
    """
    line = gap.snapshot.current
    found = {} if first is None else {_accepted(line, first): first}
    for rank in range(len(found), count):
        try:
            answer = await complete(gap, ask(replace(query, rank=rank)), settings)
        except BackendUnavailable:
            if found:
                break
            raise
        if answer.reason in _STOPPED:
            break
        if answer.suggestion is not None:
            # Not their texts: one may write a closing bracket that another leaves as it is.
            found.setdefault(_accepted(line, answer.suggestion), answer.suggestion)
    return tuple(found.values())


def _accepted(line: str, suggestion: Suggestion) -> str:
    """The cursor's line, and what comes to stand below it, once the suggestion is accepted."""
    return line[: index_of(line, suggestion.start)] + suggestion.text + line[index_of(line, suggestion.end) :]

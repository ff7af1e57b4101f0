"""textDocument/inlineCompletion: one request in, one list of items out, empty whenever there is nothing to show.

The only errors are bad params and a cancellation: editors interrupt their users for any other.
"""

from __future__ import annotations

from collections.abc import Callable

from mellum_ls.lsp_server import params
from mellum_ls.lsp_server.completer import Suggestion
from mellum_ls.lsp_server.host import Host
from mellum_ls.lsp_server.indent import unit_wanted
from mellum_ls.lsp_server.session import Session


def answer(suggestion: Suggestion | None) -> dict[str, object]:
    """An InlineCompletionList. Never null: some editors would go on showing what they had."""
    if suggestion is None:
        return {"items": []}
    line = suggestion.line
    span = {
        "start": {"line": line, "character": suggestion.start},
        "end": {"line": line, "character": suggestion.end},
    }
    item: dict[str, object] = {"insertText": suggestion.text, "range": span}
    if not suggestion.text.startswith(suggestion.replaced):
        # Clients show an item only if what it replaces is the beginning of its text, or of this one.
        item["filterText"] = suggestion.replaced + suggestion.text
    return {"items": [item]}


def register(host: Host, session: Session) -> None:
    """Answer requests for inline completions."""

    def growth(request: params.InlineCompletionRequest) -> Callable[[Suggestion], None] | None:
        token = request.partial_result_token
        if token is None or not session.settings_for(request.uri).streaming:
            return None

        def send(suggestion: Suggestion) -> None:
            host.notify("$/progress", {"token": token, "value": answer(suggestion)})

        return send

    async def inline_completion(request: params.InlineCompletionRequest) -> dict[str, object]:
        try:
            unit = unit_wanted(request.tab_size, request.insert_spaces)
            return answer(
                await session.suggest(
                    request.uri, request.place, request.selected, growth(request), unit, invoked=request.invoked
                )
            )
        except Exception as error:  # noqa: BLE001 -- the edge: no fault of ours may open a window
            session.failed(f"internal error: {type(error).__name__}")
            return answer(None)

    host.handle("textDocument/inlineCompletion", params.inline_completion, inline_completion)

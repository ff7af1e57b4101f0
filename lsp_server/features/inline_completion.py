"""textDocument/inlineCompletion: one request in, one list of items out, empty whenever there is nothing to show.

The only errors are bad params and a cancellation: editors interrupt their users for any other.
"""

from __future__ import annotations

from collections.abc import Callable

from mellum_ls.lsp_server import params
from mellum_ls.lsp_server.completer import Suggestion
from mellum_ls.lsp_server.features.execute_command import accepted_command
from mellum_ls.lsp_server.host import Host
from mellum_ls.lsp_server.session import Session


def answer(suggestion: Suggestion | None, offer_id: str = "", *, bare_lines: bool = False) -> dict[str, object]:
    """An InlineCompletionList. Never null: some editors would go on showing what they had.

    With an `offer_id` the item carries the command that tells its acceptance; `bare_lines` makes line ends \\n.
    """
    if suggestion is None:
        return {"items": []}
    text = suggestion.text.replace("\r\n", "\n").replace("\r", "\n") if bare_lines else suggestion.text
    line = suggestion.line
    span = {
        "start": {"line": line, "character": suggestion.start},
        "end": {"line": line, "character": suggestion.end},
    }
    item: dict[str, object] = {"insertText": text, "range": span}
    if offer_id:
        item["command"] = accepted_command(offer_id)
    return {"items": [item]}


def register(host: Host, session: Session) -> None:
    """Answer requests for inline completions."""

    def growth(request: params.InlineCompletionRequest) -> Callable[[Suggestion], None] | None:
        token = request.partial_result_token
        if token is None or not session.settings.streaming:
            return None

        def send(suggestion: Suggestion) -> None:
            host.notify("$/progress", {"token": token, "value": shaped(suggestion)})

        return send

    def shaped(suggestion: Suggestion | None, offer_id: str = "") -> dict[str, object]:
        return answer(suggestion, offer_id, bare_lines=session.client.keeps_bare_lines)

    async def inline_completion(request: params.InlineCompletionRequest) -> dict[str, object]:
        try:
            suggestion = await session.suggest(request.uri, request.place, request.selected, growth(request))
            offer = None if suggestion is None else session.offer(request.uri, suggestion)
            return shaped(suggestion, "" if offer is None else offer.id)
        except Exception as error:  # noqa: BLE001 -- the edge: no fault of ours may open a window
            session.failed(f"internal error: {type(error).__name__}")
            return answer(None)

    host.handle("textDocument/inlineCompletion", params.inline_completion, inline_completion)

"""textDocument/inlineCompletion: one request in, one list of items out, empty whenever there is nothing to show.

The only errors are bad params and a cancellation: editors interrupt their users for any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.features.execute_command import accepted_command
from mellum_ls.lsp_server.rules.indent import unit_wanted
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def answer(
    suggestions: Sequence[Suggestion], ids: Sequence[str] = (), *, bare_lines: bool = False
) -> dict[str, object]:
    """An InlineCompletionList. Never null: some editors would go on showing what they had.

    With `ids` of offers the items carry the command that tells their acceptance; `bare_lines` makes line ends \\n.
    """
    items = [_item(suggestion, bare_lines=bare_lines) for suggestion in suggestions]
    for item, offer_id in zip(items, ids, strict=False):
        item["command"] = accepted_command(offer_id)
    return {"items": items}


def _item(suggestion: Suggestion, *, bare_lines: bool) -> dict[str, object]:
    text = suggestion.text.replace("\r\n", "\n").replace("\r", "\n") if bare_lines else suggestion.text
    line = suggestion.line
    span = {
        "start": {"line": line, "character": suggestion.start},
        "end": {"line": line, "character": suggestion.end},
    }
    item: dict[str, object] = {"insertText": text, "range": span}
    if not suggestion.text.startswith(suggestion.replaced):
        # Clients show an item only if what it replaces is the beginning of its text, or of this one.
        item["filterText"] = suggestion.replaced + text
    return item


def register(host: Host, session: Session) -> None:
    """Answer requests for inline completions."""

    def growth(request: params.InlineCompletionRequest) -> Callable[[Suggestion], None] | None:
        token = request.partial_result_token
        if token is None or not session.settings_for(request.uri).streaming:
            return None

        def send(suggestion: Suggestion) -> None:
            host.notify("$/progress", {"token": token, "value": shaped([suggestion])})

        return send

    def shaped(suggestions: Sequence[Suggestion], ids: Sequence[str] = ()) -> dict[str, object]:
        return answer(suggestions, ids, bare_lines=session.client.keeps_bare_lines)

    async def inline_completion(request: params.InlineCompletionRequest) -> dict[str, object]:
        uri, place, selected = request.uri, request.place, request.selected
        unit = unit_wanted(request.tab_size, request.insert_spaces)
        try:
            found: Sequence[Suggestion]
            if request.invoked:
                found = await session.suggest_several(uri, place, selected, growth(request), unit)
            else:
                one = await session.suggest(uri, place, selected, growth(request), unit)
                found = [] if one is None else [one]
            return shaped(found, [offer.id for offer in session.offer(uri, found)])
        except Exception as error:  # noqa: BLE001 -- the edge: no fault of ours may open a window
            session.health.failed(f"internal error: {type(error).__name__}")
            return answer([])

    host.handle("textDocument/inlineCompletion", params.inline_completion, inline_completion)

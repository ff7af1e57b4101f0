"""textDocument/codeAction and codeAction/resolve: actions are listed at once, and generated when one is chosen.

No fault of the model is an error here: an action that nothing came of goes back without an edit, and the log says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mellum_ls.lsp_server.actions import wanted as wanted_action
from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.actions.kinds import EXPLAIN, KINDS
from mellum_ls.lsp_server.actions.wanted import problem_of
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import action_params
from mellum_ls.lsp_server.wire.abilities import Abilities
from mellum_ls.lsp_server.wire.host import Host
from mellum_ls.lsp_server.wire.json_fields import Json, ParamsError

if TYPE_CHECKING:
    from mellum_ls.lsp_server.actions.listing import Listed

RUN = "mellum.action"
"""The command that runs an action. Argument: `{kind, uri, lines: [first, last], revision?, problems?, instruction?}`.

Clients with a way to ask their user for an instruction send the kind `refactor` with it.
"""
CAPABILITY: dict[str, object] = {"codeActionKinds": [kind.code for kind in KINDS], "resolveProvider": True}
_LLM_GENERATED = 1


def register(host: Host, session: Session, delivery: Delivery) -> None:
    """Answer requests for code actions."""

    async def code_action(request: action_params.ActionsRequest) -> list[dict[str, object]]:
        problems = [problem_of(diagnostic) for diagnostic in request.diagnostics]
        listed = await session.actions.at(request.uri, (request.first, request.last), problems, request.only)
        return [_item(each, request, session.client.abilities) for each in listed]

    def read_action(raw: Json) -> tuple[Json, wanted_action.Wanted | None]:
        # One with a command, or of another server, is complete as it is.
        return raw, wanted_action.read(raw["data"]) if raw.get("data") is not None else None

    async def resolve(request: tuple[Json, wanted_action.Wanted | None]) -> Json:
        raw, wanted = request
        if wanted is None or not wanted.kind.makes_edit:
            return raw
        result = await delivery.resolve(wanted)
        if result.edit is not None and not session.actions.is_current(wanted, result):
            return raw
        return raw if result.edit is None else {**raw, "edit": result.edit}

    def cancel(token: str | int | None) -> None:
        delivery.cancel(token)

    host.handle("textDocument/codeAction", action_params.code_action, code_action)
    host.handle("codeAction/resolve", read_action, resolve)
    host.handle("window/workDoneProgress/cancel", action_params.progress_token, cancel)


def _item(each: Listed, request: action_params.ActionsRequest, abilities: Abilities) -> dict[str, object]:
    """One action in the form that the client can use."""
    data, kind = each.wanted.data(), each.wanted.kind
    command: dict[str, object] = {"title": each.title, "command": RUN, "arguments": [data]}
    if not abilities.takes_actions:
        return command
    item: dict[str, object] = {"title": each.title}
    # Editors leave what is of a source kind out of their menus, unless they ask for it.
    if kind is not EXPLAIN or request.only:
        item["kind"] = kind.code
    if each.problem is not None:
        item["diagnostics"] = [request.diagnostics[each.problem]]
    if abilities.tags:
        item["tags"] = [_LLM_GENERATED]
    if abilities.resolves_edits and kind.makes_edit:
        item["data"] = data
    else:
        item["command"] = command
    return item


def read_command(arguments: Sequence[object]) -> wanted_action.Wanted:
    """The action that the command's arguments describe. Raises ParamsError."""
    if not arguments:
        raise ParamsError("arguments should hold an action")
    return wanted_action.read(arguments[0])

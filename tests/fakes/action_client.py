"""An editor with code actions on pytest-lsp's client: it lists, chooses, applies edits as the protocol has it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Union

from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient

from tests.fakes.judged_client import judged_client
from tests.fakes.lsp_client import isolated_environment

SCRIPTED = Path(__file__).parent / "scripted_server.py"
SECONDS = 30.0
FULL: dict[str, Any] = {
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
            "tagSupport": {"valueSet": [1]},
        }
    },
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
        "textDocumentContent": {},
    },
    "window": {"showDocument": {"support": True}, "workDoneProgress": True},
}
"""What an editor says that can do everything."""


def without(*names: str) -> dict[str, Any]:
    """FULL without the abilities of these dotted names."""
    left = json.loads(json.dumps(FULL))
    for name in names:
        *path, last = name.split(".")
        place = left
        for step in path:
            place = place[step]
        del place[last]
    return left


class ActionClient:
    """`texts` and `versions` are the open documents; `made` the files that edits have made; `refreshed` is a queue."""

    def __init__(self, client: LanguageClient, root: Path, spoken: Path) -> None:
        self.client, self.root, self._spoken = client, root, spoken
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.made: dict[str, str] = {}
        self.refuses_edits = False
        self.refreshed: asyncio.Queue[str] = asyncio.Queue()
        self.works: asyncio.Queue[str | int] = asyncio.Queue()
        _tell_commands_from_actions(client.protocol._converter)
        client.feature(types.WORKSPACE_APPLY_EDIT)(lambda params: self._apply(params))
        client.feature("workspace/textDocumentContent/refresh")(lambda params: self._refresh(params))

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str, text: str, language: str = "python") -> str:
        uri = self.uri(name)
        self.texts[uri], self.versions[uri] = text, 1
        item = types.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return uri

    def type(self, uri: str, text: str) -> None:
        """The user puts `text` at the document's beginning."""
        self.texts[uri], self.versions[uri] = text + self.texts[uri], self.versions[uri] + 1
        place = types.Position(0, 0)
        change = types.TextDocumentContentChangePartial(range=types.Range(place, place), text=text)
        versioned = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(versioned, [change]))

    def tell(self, uri: str) -> None:
        """The server hears of what its edits have made of the document."""
        versioned = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        whole = types.TextDocumentContentChangeWholeDocument(text=self.texts[uri])
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(versioned, [whole]))

    async def actions(
        self,
        uri: str,
        first: int,
        last: int | None = None,
        problems: Sequence[tuple[int, str]] = (),
        only: Sequence[str] | None = None,
    ) -> list[Any]:
        """The list at these lines."""
        span = types.Range(types.Position(first, 0), types.Position(first if last is None else last, 1))
        diagnostics = [
            types.Diagnostic(range=types.Range(types.Position(line, 0), types.Position(line, 1)), message=message)
            for line, message in problems
        ]
        context = types.CodeActionContext(diagnostics=diagnostics, only=None if only is None else list(only))
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(types.TextDocumentIdentifier(uri), span, context)
        )
        return list(found or ())

    async def action(self, beginning: str, uri: str, first: int, **more: Any) -> Any:
        """The action there whose title begins so."""
        listed = await self.actions(uri, first, **more)
        [found] = [each for each in listed if each.title.startswith(beginning)]
        return found

    async def choose(self, action: Any) -> dict[str, Any]:
        """What an editor does with a chosen action; the command's answer, or whether an edit came."""
        if isinstance(action, types.CodeAction) and action.command is None:
            action = await self.client.code_action_resolve_async(action)
            if action.edit is None:
                return {"applied": False}
            return {"applied": self._applied(action.edit)}
        command = action.command if isinstance(action, types.CodeAction) else action
        return await self.execute(command.arguments)

    async def execute(self, arguments: Sequence[Any]) -> dict[str, Any]:
        params = types.ExecuteCommandParams(command="mellum.action", arguments=list(arguments))
        answer = await self.client.workspace_execute_command_async(params)
        return dict(answer if isinstance(answer, dict) else answer._asdict())

    async def content(self, uri: str) -> str:
        answer = await self.client.protocol.send_request_async(
            "workspace/textDocumentContent", types.TextDocumentContentParams(uri)
        )
        return str(answer.text)

    async def status(self) -> Any:
        return await self.client.protocol.send_request_async("mellum/status", {})

    async def asked(self, count: int = 1) -> list[list[dict[str, str]]]:
        """The conversations that the model has been asked to go on, once there are `count`."""
        async with asyncio.timeout(SECONDS):
            while True:
                lines = self._spoken.read_text().splitlines() if self._spoken.exists() else []
                if len(lines) >= count:
                    return [json.loads(line) for line in lines]
                await self.status()  # a round trip, and time for the server

    async def work(self, beginning: str) -> str | int:
        """The token of the progress whose message begins so, once it has begun."""
        async with asyncio.timeout(SECONDS):
            while True:
                for token, reports in self.client.progress_reports.items():
                    if any(str(getattr(each, "message", "")).startswith(beginning) for each in reports):
                        return token
                await self.status()

    @property
    def logged(self) -> list[str]:
        return [message.message for message in self.client.log_messages]

    def _apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        applied = not self.refuses_edits and self._applied(params.edit)
        return types.ApplyWorkspaceEditResult(applied, None if applied else "it does not fit")

    def _refresh(self, params: Any) -> None:
        self.refreshed.put_nowait(params.uri)

    def _applied(self, edit: types.WorkspaceEdit) -> bool:
        for uri, edits in (edit.changes or {}).items():
            self._edit(uri, edits)
        for change in edit.document_changes or ():
            if isinstance(change, types.CreateFile):
                if change.uri in self.made or change.uri in self.texts:
                    return False
                self.made[change.uri] = ""
            elif isinstance(change, types.TextDocumentEdit):
                document = change.text_document
                if document.uri in self.made:
                    self.made[document.uri] = change.edits[0].new_text  # type: ignore[union-attr]
                elif document.uri not in self.texts:
                    # A file that is not open: its version is that of the disk.
                    if document.version is not None:
                        return False
                    self._write(document.uri, change.edits)
                elif document.version != self.versions[document.uri]:
                    return False
                else:
                    self._edit(document.uri, change.edits)
        return True

    def _write(self, uri: str, edits: Sequence[Any]) -> None:
        place = self.root / uri.removeprefix(self.root.as_uri() + "/")
        place.write_bytes(_edited(place.read_bytes().decode(), edits).encode())

    def _edit(self, uri: str, edits: Sequence[Any]) -> None:
        self.texts[uri], self.versions[uri] = _edited(self.texts[uri], edits), self.versions[uri] + 1


def _edited(text: str, edits: Sequence[Any]) -> str:
    for edit in sorted(edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True):
        start, end = (_offset(text, place) for place in (edit.range.start, edit.range.end))
        text = text[:start] + edit.new_text + text[end:]
    return text


def _tell_commands_from_actions(converter: Any) -> None:
    """lsprotocol takes every action that has a command for a command; the protocol tells them by the command's type."""

    def read(raw: Any, _: type) -> types.Command | types.CodeAction:
        kind = types.Command if isinstance(raw.get("command"), str) else types.CodeAction
        return converter.structure(raw, kind)  # type: ignore[no-any-return]

    converter.register_structure_hook(types.Command | types.CodeAction, read)
    converter.register_structure_hook(Union[types.Command, types.CodeAction], read)  # noqa: UP007 -- another type to it


def _offset(text: str, place: types.Position) -> int:
    lines = text.splitlines(keepends=True) or [""]
    before = sum(map(len, lines[: place.line]))
    line = lines[place.line] if place.line < len(lines) else ""
    return before + len(line.encode("utf-16-le")[: 2 * place.character].decode("utf-16-le"))


@asynccontextmanager
async def action_client(
    folder: Path, replies: Sequence[str], capabilities: dict[str, Any] | None = None, *, mode: str = "chat"
) -> AsyncGenerator[ActionClient, None]:
    """A server whose model says `replies`, one after the other, and an editor with these capabilities in `folder`."""
    spoken = folder / "spoken.jsonl"
    command = (sys.executable, "-P", str(SCRIPTED), json.dumps(list(replies)), mode, str(spoken))
    read = get_converter().structure
    async with judged_client(command, isolated_environment(folder)) as client:
        editor = ActionClient(client, folder, spoken)
        root = folder.as_uri()
        await client.initialize_session(
            types.InitializeParams(
                capabilities=read(FULL if capabilities is None else capabilities, types.ClientCapabilities),
                root_uri=root,
                workspace_folders=[types.WorkspaceFolder(uri=root, name="project")],
            )
        )
        yield editor
        await client.shutdown_session()
        assert client.messages == [], "a window was opened"


def play(
    folder: Path,
    replies: Sequence[str],
    scene: Callable[[ActionClient], Any],
    capabilities: dict[str, Any] | None = None,
    *,
    mode: str = "chat",
) -> None:
    """Run one scene."""

    async def run() -> None:
        async with asyncio.timeout(120), action_client(folder, replies, capabilities, mode=mode) as editor:
            await scene(editor)

    asyncio.run(run())

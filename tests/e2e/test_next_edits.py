"""Next edits through the real server: the symbolic engine as it is, the model written by the test."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from tests.fakes.judged_client import JudgedProtocol, judged_client
from tests.fakes.lsp_client import LspClient, isolated_environment, server_process

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
URI = "file:///p/shop.py"
TEXT = """def area(width, height):
    return width * height


def first():
    return area(1, 2)


def second():
    return [area(3, 4)]
"""
ASK, IN_FULL, EXECUTE = "textDocument/copilotInlineEdit", "mellum/nextEdit", "workspace/executeCommand"
REJECTED = "mellum.nextEdit.rejected"


class Editor:
    """A client with its own copy of the documents, which makes the edits that it takes."""

    def __init__(self, client: LspClient) -> None:
        self.client = client
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}

    def open(self, text: str, uri: str = URI) -> None:
        self.texts[uri], self.versions[uri] = text, 1
        self.client.open(uri, text)

    def edit(self, span: dict[str, Any], text: str, uri: str = URI) -> None:
        lines = self.texts[uri].split("\n")
        start, end = span["start"], span["end"]
        before = "\n".join([*lines[: start["line"]], lines[start["line"]][: start["character"]]])
        behind = "\n".join([lines[end["line"]][end["character"] :], *lines[end["line"] + 1 :]])
        self.texts[uri], self.versions[uri] = before + text + behind, self.versions[uri] + 1
        document = {"uri": uri, "version": self.versions[uri]}
        change = {"range": span, "text": text}
        self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def replace(self, line: int, old: str, new: str, uri: str = URI) -> None:
        column = self.texts[uri].split("\n")[line].index(old)
        self.edit(span(line, column, column + len(old)), new, uri)

    async def ask(self, method: str = ASK, uri: str = URI, **extra: object) -> dict[str, Any]:
        document = {"uri": uri, "version": self.versions.get(uri, 1)}
        params = {"textDocument": document, "position": {"line": 0, "character": 0}, **extra}
        result: dict[str, Any] = (await self.client.request(method, params))["result"]
        return result

    async def next(self) -> dict[str, Any]:
        [edit] = (await self.ask())["edits"]
        assert isinstance(edit, dict)
        return edit

    async def take(self, edit: dict[str, Any]) -> None:
        self.edit(edit["range"], edit["text"], edit["textDocument"]["uri"])
        await self.client.request(EXECUTE, edit["command"])

    async def silence(self) -> str:
        found = await self.ask(IN_FULL)
        assert found["edits"] == []
        return str(found["silence"])

    async def status(self) -> dict[str, Any]:
        return dict((await self.client.request("mellum/status"))["result"])


def span(line: int, start: int, end: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


def with_editor(
    tmp_path: Path,
    test: Callable[[Editor], Awaitable[None]],
    answer: str = "",
    root: str = "file:///p",
    mode: str = "",
    **options: object,
) -> None:
    command = (sys.executable, "-P", str(SCRIPTED), answer, mode)

    async def run() -> None:
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await client.initialize(options, rootUri=root)
            editor = Editor(client)
            editor.open(TEXT)
            await test(editor)
            assert await client.shut_down() == 0

    asyncio.run(run())


def test_a_renamed_function_is_renamed_at_one_call_after_the_other(tmp_path: Path) -> None:
    async def test(editor: Editor) -> None:
        editor.replace(0, "area", "surface")
        first = await editor.next()
        assert (first["range"], first["text"]) == (span(5, 11, 15), "surface")
        assert first["textDocument"] == {"uri": URI, "version": 2}
        editor.client.notify("textDocument/didShowInlineEdit", {"item": {"command": first["command"]}})
        await editor.take(first)
        second = await editor.next()
        assert (second["range"], second["textDocument"]["version"]) == (span(9, 12, 16), 3)
        await editor.take(second)
        assert editor.texts[URI] == TEXT.replace("area", "surface")
        assert await editor.silence() == "nothing follows from the last changes"
        status = await editor.status()
        told = {name: status["nextEdits"][name] for name in ("offered", "shown", "accepted", "rejected")}
        assert told == {"offered": 2, "shown": 1, "accepted": 2, "rejected": 0}
        assert status["modelRuns"] == 0

    with_editor(tmp_path, test, nextEditModel=False)


def test_without_a_recent_edit_after_an_undo_and_after_a_rejection_there_is_silence(tmp_path: Path) -> None:
    async def test(editor: Editor) -> None:
        assert await editor.silence() == "nothing was edited in the last 10 seconds"
        editor.replace(0, "area", "surface")
        edit = await editor.next()
        await editor.client.request(EXECUTE, {"command": REJECTED, "arguments": edit["command"]["arguments"]})
        assert await editor.silence() == "a next edit was just turned down"
        assert (await editor.ask())["edits"] == []
        editor.replace(0, "surface", "area")
        assert await editor.silence() == "the last change was an undo"
        status = await editor.status()
        assert (status["nextEdits"]["rejected"], status["modelRuns"]) == (1, 0)
        assert status["nextEdits"]["reason"] == "the last change was an undo"

    # The model would be asked if anything were to be asked.
    with_editor(tmp_path, test, answer=fenced("print(1)"), nextEditModel=True)


def test_what_was_turned_down_stays_away_though_there_is_no_pause(tmp_path: Path) -> None:
    async def test(editor: Editor) -> None:
        editor.replace(0, "area", "surface")
        edit = await editor.next()
        await editor.client.request(EXECUTE, {"command": REJECTED, "arguments": edit["command"]["arguments"]})
        other = await editor.next()
        assert other["range"] == span(9, 12, 16)
        editor.replace(5, "area(1", "area(5")
        assert (await editor.next())["range"] == span(5, 11, 15)

    with_editor(tmp_path, test, nextEditPauseMs=0)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("def area(width, height):\n    return width * height", "it would take back what was just changed"),
        ("def surface(width, height):\n    return width * height", "the model would change nothing"),
        ("", "what the model wrote cannot be used: the code block of the answer is empty"),
        ("def surface(width, height):\n\n    return width * height", "it changes white space only"),
        ("def surface(width, height:\n    return width * height", "it would leave the file with an error of syntax"),
        ("def surface(width, height):\n    return width * height * 2", ""),
    ],
)
def test_what_a_model_writes_is_shown_only_if_it_passes(tmp_path: Path, written: str, reason: str) -> None:
    text = "def area(width, height):\n    return width * height\n"

    async def test(editor: Editor) -> None:
        editor.open(text, "file:///p/b.py")
        editor.replace(0, "area", "surface", "file:///p/b.py")
        found = await editor.ask(IN_FULL, "file:///p/b.py")
        assert (await editor.status())["modelRuns"] == 1
        if reason:
            assert found["edits"] == []
            assert found["silence"].endswith(reason)
        else:
            [edit] = found["edits"]
            assert (edit["text"], edit["range"], found["kind"]) == (" * 2", span(1, 25, 25), "model")
        # Asked again it does not ask the model again.
        assert (await editor.ask(uri="file:///p/b.py"))["edits"] == found["edits"]
        assert (await editor.status())["modelRuns"] == 1

    with_editor(tmp_path, test, answer=fenced(written), nextEditModel=True)


def test_a_model_that_is_writing_is_stopped_by_a_cancellation_and_by_a_newer_request(tmp_path: Path) -> None:
    uri = "file:///p/b.py"

    async def writing(editor: Editor, runs: int) -> None:
        async with asyncio.timeout(30):
            while (await editor.status())["modelRuns"] < runs:
                pass

    async def test(editor: Editor) -> None:
        editor.open("x = 1\ny = 2\n", uri)
        editor.replace(0, "x", "z", uri)
        params = {"textDocument": {"uri": uri, "version": 2}, "position": {"line": 0, "character": 0}}
        number, first = editor.client.start(ASK, params)
        await writing(editor, 1)
        editor.client.notify("$/cancelRequest", {"id": number})
        assert (await first)["error"]["code"] == -32800
        # The newest wins, and typing ends it.
        _, second = editor.client.start(ASK, params)
        await writing(editor, 2)
        _, third = editor.client.start(ASK, params)
        assert (await second)["result"] == {"edits": []}
        await writing(editor, 3)
        editor.replace(1, "y", "w", uri)
        assert (await third)["result"] == {"edits": []}

    # It says one word, and never a second.
    with_editor(tmp_path, test, answer=fenced("z = 1\ny = z"), mode="hang", nextEditModel=True)


def test_without_a_model_that_can_chat_only_what_is_proven_is_shown_and_the_reason_told(tmp_path: Path) -> None:
    why = "the model cannot chat: it has no chat template"

    async def test(editor: Editor) -> None:
        editor.replace(1, "width * height", "2 * width * height")
        assert await editor.silence() == f"nothing follows from the last changes, and {why}"
        editor.replace(0, "area", "surface")
        assert (await editor.next())["text"] == "surface"
        status = await editor.status()
        assert (status["nextEdits"]["noModel"], status["modelRuns"]) == (why, 0)

    with_editor(tmp_path, test, mode="silent", nextEditModel=True)


LINES = "".join(f"x{number} = {number}\n" for number in range(14))


@pytest.mark.parametrize(
    ("text", "line", "written", "reason"),
    [
        ("import os\n\n\nx = 1\n", 0, "import os, sys\n\n\nx = 1\ny = 1", "it changes imports only"),
        (LINES, 4, "x1 = 1\nx2 = 2", "it would delete too much"),
    ],
)
def test_imports_alone_and_much_deletion_are_not_shown(
    tmp_path: Path, text: str, line: int, written: str, reason: str
) -> None:
    uri = "file:///p/b.py"

    async def test(editor: Editor) -> None:
        editor.open(text, uri)
        editor.edit(span(len(text.split("\n")) - 1, 0, 0), "y = 1\n", uri)
        found = await editor.ask(IN_FULL, uri, position={"line": line, "character": 0})
        assert (found["edits"], found["silence"]) == ([], f"an edit was found and not shown: {reason}")

    with_editor(tmp_path, test, answer=fenced(written), nextEditModel=True)


def test_a_newer_request_and_a_cancelled_one_are_each_answered_once(tmp_path: Path) -> None:
    async def test(editor: Editor) -> None:
        editor.replace(0, "area", "surface")
        document = {"uri": URI, "version": 2}
        params = {"textDocument": document, "position": {"line": 0, "character": 0}}
        sent = [editor.client.start(ASK, params) for _ in range(5)]
        editor.client.notify("$/cancelRequest", {"id": sent[-1][0]})
        answers = [await answer for _, answer in sent]
        assert all(answer["result"] == {"edits": []} for answer in answers[:4])
        # It may have been answered before the cancellation came.
        assert answers[4].get("error", {}).get("code") == -32800 or len(answers[4]["result"]["edits"]) == 1
        # A version that the server does not have (any more) gets nothing.
        stale = {**params, "textDocument": {"uri": URI, "version": 1}}
        assert (await editor.client.request(ASK, stale))["result"] == {"edits": []}

    with_editor(tmp_path, test)


def test_the_next_edit_in_another_file_is_for_those_who_ask_for_it(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "shop.py").write_text(TEXT.split("\n\n\n")[0] + "\n")
    (root / "user.py").write_text("from shop import area\n\nprint(area(1, 2))\n")
    shop, user = (root / "shop.py").as_uri(), (root / "user.py").as_uri()

    async def test(editor: Editor) -> None:
        editor.open((root / "shop.py").read_text(), shop)
        editor.open((root / "user.py").read_text(), user)
        editor.replace(0, "area", "surface", shop)
        assert (await editor.ask(uri=shop))["edits"] == []
        found = await editor.ask(IN_FULL, shop, otherDocuments=True)
        [edit] = found["edits"]
        assert edit["textDocument"] == {"uri": user, "version": 1}
        assert found["kind"] == "rename"

    with_editor(tmp_path, test, root=root.as_uri())


def test_a_client_that_is_not_ours_gets_the_same(tmp_path: Path) -> None:
    """The client of pytest-lsp, which reads what it gets into types."""
    command = (sys.executable, "-P", str(SCRIPTED), "")

    async def run() -> None:
        async with judged_client(command, isolated_environment(tmp_path)) as client:
            capabilities = client_capabilities("neovim")
            await client.initialize_session(types.InitializeParams(capabilities=capabilities, root_uri="file:///p"))
            document = types.TextDocumentItem(uri=URI, language_id="python", version=1, text=TEXT)
            client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
            name = types.Range(types.Position(0, 4), types.Position(0, 8))
            change = types.TextDocumentContentChangePartial(range=name, text="surface")
            versioned = types.VersionedTextDocumentIdentifier(version=2, uri=URI)
            client.text_document_did_change(types.DidChangeTextDocumentParams(versioned, [change]))
            params = {"textDocument": {"uri": URI, "version": 2}, "position": {"line": 0, "character": 0}}
            [edit] = (await client.protocol.send_request_async(ASK, params)).edits
            assert (edit.text, edit.range.start.line, edit.textDocument.version) == ("surface", 5, 2)
            execute = types.ExecuteCommandParams(edit.command.command, list(edit.command.arguments))
            await client.workspace_execute_command_async(execute)
            status = await client.protocol.send_request_async("mellum/status", {})
            assert status.nextEdits.accepted == 1
            await client.shutdown_session()
            assert isinstance(client.protocol, JudgedProtocol)
            assert client.protocol.referee.edits == 1

    asyncio.run(run())

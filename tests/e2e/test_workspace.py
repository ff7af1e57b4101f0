"""The real process and a workspace: folders with settings of their own, live switches, notebooks, traces."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.fakes.lsp_client import LspClient, Message, inline_params, isolated_environment, server_process

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
FAST = (sys.executable, "-P", str(SCRIPTED), "one two")
A, B = "file:///a", "file:///a/b"


def with_server(tmp_path: Path, test: Callable[[LspClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with server_process(FAST, isolated_environment(tmp_path)) as client:
            await test(client)
            assert await client.shut_down() == 0

    asyncio.run(run())


async def texts(client: LspClient, uri: str) -> list[str]:
    """What is suggested at the end of `x = `."""
    answer = await client.request("textDocument/inlineCompletion", inline_params(uri, 0, 4))
    return [item["insertText"] for item in answer["result"]["items"]]


async def silence(client: LspClient) -> str:
    status: Message = await client.request("mellum/status")
    return str(status["result"]["reason"])


async def start(client: LspClient, **extra: object) -> None:
    """Say hello as an editor with two nested folders that answers for its settings."""
    capabilities = {"workspace": {"configuration": True}}
    folders = [{"uri": uri, "name": uri} for uri in (A, B)]
    await client.initialize(capabilities=capabilities, workspaceFolders=folders, **extra)
    # The server's question comes before this answer, so that what comes next finds the settings in force.
    await client.request("mellum/status")


def test_a_documents_folder_decides_and_all_of_it_is_live(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.settings = {A: {"enable": False}, B: {"maxFileChars": 3}}
        await start(client)
        for uri in (f"{A}/x.py", f"{B}/x.py", "file:///c/x.py"):
            client.open(uri, "x = ")
        assert await texts(client, "file:///c/x.py") == ["one two"]
        assert await texts(client, f"{A}/x.py") == []
        assert await silence(client) == "completions are switched off"
        assert await texts(client, f"{B}/x.py") == []
        assert await silence(client) == "the document has 4 characters, and maxFileChars is 3"
        client.settings = {B: {"disabledLanguages": ["python"]}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await client.request("mellum/status")
        assert await texts(client, f"{A}/x.py") == ["one two"]
        assert await texts(client, f"{B}/x.py") == []
        assert await silence(client) == "completions are switched off for python"
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [{"uri": B}]}})
        assert await texts(client, f"{B}/x.py") == ["one two"]
        asked = [request["params"]["items"] for request in client.requests]
        assert [[item.get("scopeUri") for item in items] for items in asked] == [[None, A, B], [None, A, B], [None, A]]

    with_server(tmp_path, test)


def test_pushed_settings_switch_languages_without_a_pull(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize()
        client.open("file:///x.py", "x = ")
        for settings, shown in (
            ({"mellum": {"disabledLanguages": ["python"]}}, []),
            ({"disabledLanguages": ["markdown"], "nope": 1}, ["one two"]),
            ({"mellum": {"multiline": "never", "nope": 1}}, ["one two"]),
            ({"enable": False}, []),
        ):
            client.notify("workspace/didChangeConfiguration", {"settings": settings})
            assert await texts(client, "file:///x.py") == shown
        assert client.requests == []
        logged = [m["params"] for m in client.notifications if m["method"] == "window/logMessage"]
        assert logged.count({"type": 2, "message": "mellum-ls: didChangeConfiguration: unknown setting nope"}) == 1

    with_server(tmp_path, test)


def test_an_untrusted_workspace_cannot_choose_the_model(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.settings = {None: {"model": "./theirs", "trusted": True}}
        await start(client, initializationOptions={"trusted": False})
        client.open("file:///x.py", "x = ")
        assert await texts(client, "file:///x.py") == ["one two"]
        logged = [m["params"]["message"] for m in client.notifications if m["method"] == "window/logMessage"]
        assert "mellum-ls: the model is the default one" in logged
        assert sum("theirs" in line for line in logged) == 0
        assert any("not taken" in line for line in logged)
        client.notify("workspace/didChangeConfiguration", {"settings": {"trusted": True}})
        await client.request("mellum/status")
        assert await texts(client, "file:///x.py") == ["one two"]
        logged = [m["params"]["message"] for m in client.notifications if m["method"] == "window/logMessage"]
        assert "mellum-ls: the model is ./theirs" in logged

    with_server(tmp_path, test)


def test_a_notebook_from_open_to_close(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize()
        notebook = {"uri": "file:///n.ipynb", "version": 1, "notebookType": "jupyter-notebook"}
        uris = [f"vscode-notebook-cell:/n.ipynb#{number}" for number in range(2)]
        cells = [{"kind": 2, "document": uri} for uri in uris]
        documents = [{"uri": uri, "languageId": "python", "version": 1, "text": "x =\ny = "} for uri in uris]
        opened = {"notebookDocument": {**notebook, "cells": cells}, "cellTextDocuments": documents}
        client.notify("notebookDocument/didOpen", opened)
        span = {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 3}}
        content = {"document": {"uri": uris[1], "version": 2}, "changes": [{"range": span, "text": " "}]}
        change = {"notebookDocument": notebook, "change": {"cells": {"textContent": [content]}}}
        client.notify("notebookDocument/didChange", change)
        answer = await client.request("textDocument/inlineCompletion", inline_params(uris[1], 0, 4))
        place = {"line": 0, "character": 4}
        [item] = answer["result"]["items"]
        assert (item["insertText"], item["range"]) == ("one two", {"start": place, "end": place})
        client.notify("notebookDocument/didSave", {"notebookDocument": notebook})
        client.notify("notebookDocument/didClose", {"notebookDocument": notebook, "cellTextDocuments": []})
        status = (await client.request("mellum/status"))["result"]
        assert (status["documents"], status["notebooks"]) == (0, 0)

    with_server(tmp_path, test)


def test_a_trace_names_every_message_and_quotes_none(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize(trace="verbose")
        client.open("file:///x.py", "typed_text = ")
        await client.request("textDocument/inlineCompletion", inline_params("file:///x.py", 0, 13))
        client.notify("$/setTrace", {"value": "off"})
        traces = [m["params"]["message"] for m in client.notifications if m["method"] == "$/logTrace"]
        assert [trace for trace in traces if "inlineCompletion" in trace] == [
            "received request textDocument/inlineCompletion, id 2"
        ]
        assert "sent response to 2" in traces
        said = json.dumps([m for m in client.notifications if m["method"] != "$/progress"]) + client.log
        assert "typed_text" not in said
        assert "one two" not in said
        await client.request("mellum/status")
        assert sum(m["method"] == "$/logTrace" for m in client.notifications) in (len(traces), len(traces) + 1)

    with_server(tmp_path, test)

"""What a client is told of the state of things, and what the server keeps of suggestions: with the real processes."""

import asyncio
import json
import stat
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.runtime_command import run as runtime_command
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.lsp_client import LspClient, inline_params, isolated_environment, server_process

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
URI = "file:///project/a.py"
COPILOT = {"editorInfo": {"name": "x", "version": "1"}, "editorPluginInfo": {"name": "y", "version": "1"}}


async def heard_status(client: LspClient, **wanted: object) -> dict[str, Any]:
    """The first didChangeStatus that says so."""
    return await client.heard_where(
        lambda message: message["method"] == "didChangeStatus" and wanted.items() <= message["params"].items()
    )


def statuses(client: LspClient) -> list[dict[str, object]]:
    return [message["params"] for message in client.notifications if message["method"] == "didChangeStatus"]


def test_loading_is_shown_as_progress_and_as_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_checkpoint(tmp_path / "model")
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(model), MELLUM_THREADS="1")
    for name in ("MELLUM_RUNTIME_DIR", "MELLUM_CACHE_DIR"):
        monkeypatch.setenv(name, environment[name])

    async def run() -> None:
        async with server_process(env=environment) as client:
            client.granted.add("window/workDoneProgress/create")
            await client.initialize(COPILOT, capabilities={"window": {"workDoneProgress": True}})
            await client.heard_where(
                lambda message: message["method"] == "$/progress" and message["params"]["value"]["kind"] == "end"
            )
            await heard_status(client, busy=False, kind="Normal")
            kinds = [m["params"]["value"]["kind"] for m in client.notifications if m["method"] == "$/progress"]
            assert (kinds[0], kinds[-1], kinds.count("begin"), kinds.count("end")) == ("begin", "end", 1, 1)
            tokens = {m["params"]["token"] for m in client.notifications if m["method"] == "$/progress"}
            [create] = [m for m in client.requests if m["method"] == "window/workDoneProgress/create"]
            assert tokens == {create["params"]["token"]}
            told = statuses(client)
            assert told[0] == {"busy": False, "kind": "Normal", "message": ""}
            assert told[1] == {"busy": True, "kind": "Normal", "message": "starting the model process"}
            assert all(one != other for one, other in pairwise(told))
            assert await client.shut_down() == 0

    try:
        asyncio.run(run())
    finally:
        runtime_command("stop", str(model), as_json=True, out=lambda line: None)


def test_a_model_that_is_away_and_a_secret_file_are_told(tmp_path: Path) -> None:
    async def run() -> None:
        command = (sys.executable, "-P", str(SCRIPTED), "one", "fail")
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await client.initialize({"status": True})
            client.open(URI, "x = ")
            await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4))
            await heard_status(client, kind="Error", message="the model is away")
            client.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///project/.env"}})
            told = await heard_status(client, kind="Inactive")
            assert "kept back" in told["params"]["message"]
            assert await client.shut_down() == 0

    asyncio.run(run())


def test_clients_that_did_not_ask_are_told_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        command = (sys.executable, "-P", str(SCRIPTED), "one")
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await client.initialize({})
            client.open(URI, "x = ")
            await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4))
            assert await client.shut_down() == 0
            assert {m["method"] for m in client.notifications} <= {"window/logMessage"}
            assert client.requests == []

    asyncio.run(run())


def test_the_life_of_a_suggestion_is_counted_and_written_down(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"

    async def run() -> None:
        command = (sys.executable, "-P", str(SCRIPTED), "one two")
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await client.initialize({"metricsFile": str(events)})
            client.open(URI, "x = ")
            answer = await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4))
            [item] = answer["result"]["items"]
            client.notify("textDocument/didShowCompletion", {"item": {"command": item["command"]}})
            client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 3})
            client.change(URI, 2, 0, 4, item["insertText"])
            client.notify("workspace/executeCommand", item["command"])
            assert (await client.request("workspace/executeCommand", item["command"]))["result"] is None
            unknown = await client.request("workspace/executeCommand", {"command": "no.such"})
            assert unknown["error"]["code"] == -32602
            counted = (await client.request("mellum/status"))["result"]["metrics"]["languages"]["python"]
            told = [counted[name] for name in ("offered", "shown", "partiallyAccepted", "accepted", "rejected")]
            assert told == [1, 1, 1, 1, 0]
            assert counted["wholeAnswerMs"]["count"] == sum(counted["wholeAnswerMs"]["buckets"]) == 1
            assert await client.shut_down() == 0

    asyncio.run(run())
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["answered", "offered", "shown", "partiallyAccepted", "accepted"]
    assert stat.S_IMODE(events.stat().st_mode) == 0o600
    assert "one" not in events.read_text().replace('"python"', "")

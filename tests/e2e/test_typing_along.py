"""What a typist costs who goes along with a suggestion, takes it, or takes keys back: through the real process."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.fakes.lsp_client import LspClient, inline_params, isolated_environment, server_process

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
ROOT, PATH = "file:///project", "a.py"
URI = f"{ROOT}/{PATH}"
LINE = "first(alpha, beta) + second(gamma)"


def with_answer(tmp_path: Path, written: str, test: Callable[[LspClient], Awaitable[None]], **options: object) -> None:
    """Run `test` with a server whose model writes `written` in a.py."""
    command = (sys.executable, "-P", str(SCRIPTED), json.dumps({PATH: written}), "table")

    async def run() -> None:
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await client.initialize({"writeAhead": False, **options}, rootUri=ROOT)
            await test(client)
            assert await client.shut_down() == 0

    asyncio.run(run())


async def texts(client: LspClient, line: int, character: int, **context: int) -> list[str]:
    params = inline_params(URI, line, character)
    params["context"] = {"triggerKind": 2, **context}
    answer = await client.request("textDocument/inlineCompletion", params)
    return [item["insertText"] for item in answer["result"]["items"]]


async def status(client: LspClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.request("mellum/status"))["result"]
    return found


def test_thirty_characters_along_a_suggestion_cost_one_run_of_the_model(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, "x = ")
        assert await texts(client, 0, 4) == [LINE]
        for place in range(30):
            client.change(URI, place + 2, 0, 4 + place, LINE[place])
            assert await texts(client, 0, 5 + place) == [LINE[place + 1 :]]
        assert (await status(client))["modelRuns"] == 1

    with_answer(tmp_path, LINE, test)


def test_a_block_is_typed_along_over_its_lines(tmp_path: Path) -> None:
    block = "\n    total = 0\n    return total"

    async def test(client: LspClient) -> None:
        client.open(URI, "def f():")
        assert await texts(client, 0, 8) == [block]
        client.change(URI, 2, 0, 8, "\n    ")
        assert await texts(client, 1, 4) == ["total = 0\n    return total"]
        client.change(URI, 3, 1, 4, "total = 0\n    r")
        assert await texts(client, 2, 5) == ["eturn total"]
        assert (await status(client))["modelRuns"] == 1

    with_answer(tmp_path, block, test)


def test_a_key_taken_back_shows_what_stood_there_and_asks_nobody(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, "x = ")
        assert await texts(client, 0, 4) == [LINE]
        client.change(URI, 2, 0, 4, "z")
        await texts(client, 0, 5)
        runs = (await status(client))["modelRuns"]
        span = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}}
        change = {"textDocument": {"uri": URI, "version": 3}, "contentChanges": [{"range": span, "text": ""}]}
        client.notify("textDocument/didChange", change)
        assert await texts(client, 0, 4) == [LINE]
        assert (await status(client))["modelRuns"] == runs

    with_answer(tmp_path, LINE, test)


def test_an_undo_gets_silence_and_its_reason(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, "x = abc")
        client.change(URI, 2, 0, 7, " def")
        span = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 11}}
        change = {"textDocument": {"uri": URI, "version": 3}, "contentChanges": [{"range": span, "text": ""}]}
        client.notify("textDocument/didChange", change)
        assert await texts(client, 0, 7) == []
        assert (await status(client))["reason"] == "the last change was an undo"
        assert await texts(client, 0, 7, triggerKind=1) == [LINE]  # unless the user asks

    with_answer(tmp_path, LINE, test)


def test_what_follows_an_accepted_suggestion_is_there_already(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, "x = ")
        assert await texts(client, 0, 4) == [LINE]
        while not (found := await status(client))["modelRunsAhead"] or found["active"]:
            await asyncio.sleep(0.01)
        client.change(URI, 2, 0, 4, LINE)
        assert await texts(client, 0, 4 + len(LINE)) == [LINE]
        assert (await status(client))["modelRuns"] == 1

    with_answer(tmp_path, LINE, test, writeAhead=True)

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.demo.client import LspClient, Refused, ServerGone

SCRIPTED = (sys.executable, "-P", str(Path(__file__).parents[2] / "fakes" / "scripted_server.py"))
URI = "file:///project/a.py"
AT_END = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}, "context": {"triggerKind": 2}}


def with_server(test: Callable[[LspClient], Awaitable[None]], *arguments: str) -> int:
    """Run `test` against the real server with a scripted model; the server's exit code."""

    async def run() -> int:
        client = await LspClient.start([*SCRIPTED, *arguments])
        try:
            capabilities = await client.initialize("file:///project", {"streaming": True})
            assert "inlineCompletionProvider" in capabilities
            document = {"uri": URI, "languageId": "python", "version": 1, "text": "x = "}
            client.notify("textDocument/didOpen", {"textDocument": document})
            await test(client)
        finally:
            code = await client.close()
        return code

    return asyncio.run(run())


def texts(results: list[Any]) -> list[str]:
    return [item["insertText"] for result in results for item in result["items"]]


def test_an_answer_is_seen_growing_and_the_server_ends_in_order() -> None:
    async def test(client: LspClient) -> None:
        grown: list[Any] = []
        result = await client.request("textDocument/inlineCompletion", AT_END, on_partial=grown.append)
        assert texts([result]) == ["one + two"]
        assert texts(grown) == ["one", "one +", "one + two"]

    assert with_server(test, "one + two") == 0


def test_a_cancelled_request_is_taken_back_and_the_next_one_works() -> None:
    async def test(client: LspClient) -> None:
        first = asyncio.Event()
        request = asyncio.ensure_future(
            client.request("textDocument/inlineCompletion", AT_END, on_partial=lambda _: first.set())
        )
        await first.wait()
        assert (await client.request("mellum/status"))["active"] == 1
        request.cancel()
        await asyncio.wait({request})
        assert request.cancelled()
        assert (await client.request("mellum/status"))["active"] == 0

    assert with_server(test, "one two", "hang") == 0


def test_a_refusal_is_told() -> None:
    async def test(client: LspClient) -> None:
        with pytest.raises(Refused, match="no/such"):
            await client.request("no/such")

    assert with_server(test, "") == 0


def test_requests_of_the_server_are_answered() -> None:
    program = (
        "import json,sys\n"
        "def say(**m):\n"
        "    b = json.dumps({'jsonrpc': '2.0', **m})\n"
        "    sys.stdout.write(f'Content-Length: {len(b)}\\r\\n\\r\\n{b}'); sys.stdout.flush()\n"
        "def hear():\n"
        "    n = int(sys.stdin.readline().split(':')[1]); sys.stdin.readline(); return json.loads(sys.stdin.read(n))\n"
        "first = hear()\n"
        "say(id=99, method='client/anything')\n"
        "answer = hear()\n"
        "say(id=first['id'], result=answer['error']['code'])\n"
    )

    async def run() -> None:
        client = await LspClient.start([sys.executable, "-c", program])
        assert await client.request("ask") == -32601
        await client.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit('it hurts')", "it hurts"),
        ("print('no header'); print()", "no message"),
        ("print('Content-Length: 9'); print(); print('{')", "no message"),
    ],
)
def test_a_server_that_dies_or_babbles_is_told_with_its_last_words(program: str, words: str) -> None:
    async def run() -> None:
        client = await LspClient.start([sys.executable, "-c", program])
        with pytest.raises(ServerGone, match=words):
            await client.request("initialize")
        with pytest.raises(ServerGone, match="has ended"):
            client.notify("initialized")
        await client.close()

    asyncio.run(run())


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(ServerGone, match="cannot run /nowhere/at/all"):
        asyncio.run(LspClient.start(["/nowhere/at/all"]))


def test_a_server_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mellum_ls.lsp_server.demo.client.END_SECONDS", 0.2)

    async def run() -> int:
        client = await LspClient.start([sys.executable, "-c", "import time; time.sleep(600)"])
        return await client.close()

    assert asyncio.run(run()) == -9

"""The real process: how it starts, what ends it, and what it says to clients that break the rules."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.lsp_client import LspClient, inline_params, isolated_environment, server_process

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
HANGING = (sys.executable, "-P", str(SCRIPTED), "one two", "hang")
FAST = (sys.executable, "-P", str(SCRIPTED), "one two")
URI = "file:///a.py"


def with_server(tmp_path: Path, test: Callable[[LspClient], Awaitable[None]], command: tuple[str, ...] = FAST) -> None:
    async def run() -> None:
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await test(client)

    asyncio.run(run())


async def asking(client: LspClient) -> tuple[int, "asyncio.Future[dict[str, object]]"]:
    """A request whose model has begun and says nothing more."""
    await client.initialize({"streaming": True})
    client.open(URI, "x = ")
    number, answer = client.start("textDocument/inlineCompletion", inline_params(URI, 0, 4, partialResultToken="t"))
    progress = await client.heard("$/progress")
    assert progress["params"]["token"] == "t"
    assert [item["insertText"] for item in progress["params"]["value"]["items"]] == ["one"]
    return number, answer


def test_shutdown_and_exit_end_with_0(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize()
        assert await client.shut_down() == 0

    with_server(tmp_path, test)


def test_exit_without_shutdown_ends_with_1(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize()
        client.notify("exit")
        assert await client.wait() == 1

    with_server(tmp_path, test)


@pytest.mark.parametrize("during_a_request", [False, True])
def test_end_of_input_ends_promptly(tmp_path: Path, during_a_request: bool) -> None:
    async def test(client: LspClient) -> None:
        if during_a_request:
            _, answer = await asking(client)
            answer.add_done_callback(lambda done: done.exception())
        client.close_input()
        async with asyncio.timeout(10):
            assert await client.process.wait() == 1
            await client.settle()

    with_server(tmp_path, test, HANGING)


def test_sigterm_is_a_clean_end(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        _, answer = await asking(client)
        client.process.send_signal(signal.SIGTERM)
        assert await client.wait() == 0
        answer.exception()
        assert "Traceback" not in client.log

    with_server(tmp_path, test, HANGING)


@pytest.mark.parametrize("said_by", ["processId", "clientProcessId"])
def test_a_parent_that_is_gone_ends_it(tmp_path: Path, said_by: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    async def by_initialize(client: LspClient) -> None:
        await client.request("initialize", {"processId": child.pid, "capabilities": {}})
        assert await client.wait() == 1

    async def by_argument(client: LspClient) -> None:
        assert await client.wait() == 1

    if said_by == "processId":
        with_server(tmp_path, by_initialize)
    else:
        serve = (
            sys.executable,
            "-P",
            "-m",
            "mellum_ls.lsp_server",
            "--stdio",
            f"--clientProcessId={child.pid}",
        )
        with_server(tmp_path, by_argument, serve)


def test_garbage_gets_its_error_or_silence_and_the_next_request_works(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        early = await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 0))
        assert early["error"]["code"] == -32002
        await client.initialize({"nonsense": 1})
        client.send_body(b"{broken")
        assert (await client.unclaimed.get())["error"]["code"] == -32700
        client.send_bytes(b"no header at all\r\n\r\n")
        client.send_body(b"[1, 2]")
        assert (await client.unclaimed.get())["error"]["code"] == -32600
        assert (await client.request("no/such", {}))["error"]["code"] == -32601
        assert (await client.request("$/such", {}))["error"]["code"] == -32601
        assert (await client.request("textDocument/inlineCompletion"))["error"]["code"] == -32602
        client.notify("$/unknown", {})
        client.notify("textDocument/didOpen")
        client.change("file:///never-opened.py", 2, 0, 0, "x")
        client.open(URI, "x = ")
        context = {"triggerKind": 0}
        answer = await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4, context=context))
        assert [item["insertText"] for item in answer["result"]["items"]] == ["one two"]
        await client.request("shutdown")
        late = await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4))
        assert late["error"]["code"] == -32600
        client.notify("exit")
        assert await client.wait() == 0
        logged = [m["params"]["message"] for m in client.notifications if m["method"] == "window/logMessage"]
        assert logged == [
            "mellum-ls: initializationOptions: unknown setting nonsense",
            "mellum-ls: the model is the default one",
        ]

    with_server(tmp_path, test)


def test_cancelled_superseded_and_outdated_requests_are_each_answered_once(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        number, first = await asking(client)
        second_number, second = client.start("textDocument/inlineCompletion", inline_params(URI, 0, 4))
        assert (await first)["result"] == {"items": []}
        client.notify("$/cancelRequest", {"id": second_number})
        assert (await second)["error"]["code"] == -32800
        client.notify("$/cancelRequest", {"id": number})
        _, third = client.start("textDocument/inlineCompletion", inline_params(URI, 0, 4))
        client.change(URI, 2, 0, 4, "y")
        assert (await third)["result"] == {"items": []}
        status = (await client.request("mellum/status"))["result"]
        assert (status["reason"], status["active"]) == ("a newer request or a change took its place", 0)
        assert await client.shut_down() == 0
        assert set(client.answers.values()) == {1}

    with_server(tmp_path, test, HANGING)


def test_what_is_under_way_at_shutdown_is_answered_too(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        _, answer = await asking(client)
        assert await client.shut_down() == 0
        assert (await answer)["error"]["code"] == -32800

    with_server(tmp_path, test, HANGING)


def test_a_failing_model_is_silence_with_a_reason(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize()
        client.open(URI, "secret = ")
        answer = await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 9))
        assert answer["result"] == {"items": []}
        status = (await client.request("mellum/status"))["result"]
        assert (status["reason"], status["lastError"]) == ("the model is not available", "the model is away")
        assert await client.shut_down() == 0
        assert "secret" not in client.log

    with_server(tmp_path, test, (sys.executable, "-P", str(SCRIPTED), "x", "fail"))


def test_wrong_positions_are_clamped(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        await client.initialize()
        client.open(URI, "🎉 = ")
        for line, character, column in ((99, 99, 5), (0, 99, 5), (0, -1, 0), (-5, 3, 0), (0, 1, 0)):
            params = inline_params(URI, line, character)
            answer = await client.request("textDocument/inlineCompletion", params)
            for item in answer["result"]["items"]:
                assert item["range"]["start"] == {"line": 0, "character": column}
        assert await client.shut_down() == 0

    with_server(tmp_path, test)

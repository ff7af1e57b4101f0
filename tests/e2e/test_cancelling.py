"""A request that is taken back while the embedded model reads or writes: it is answered, and the model is free."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import model_directory, read_environment
from tests.fakes.lsp_client import LspClient, Message, inline_params, isolated_environment, server_process
from tests.fakes.process_figures import activity

NANO = model_directory(None)
URI = "file:///project/a.py"
FREE_SECONDS = 0.100
"""The model works so much longer at most for a request that is no more wanted."""
ROUNDS = 6
# Long enough to be read in many chunks, and different at its start in each round, so that nothing of it is cached.
LINES = 700

pytestmark = pytest.mark.skipif(
    not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built"
)


def with_nano(tmp_path: Path, options: Message, test: Callable[[LspClient], Awaitable[None]]) -> None:
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(NANO), MELLUM_THREADS="1")

    async def run() -> None:
        async with server_process(env=environment) as client:
            await client.initialize(options, rootUri="file:///project")
            await test(client)
            assert await client.shut_down() == 0

    try:
        asyncio.run(run())
    finally:
        launch.stop(RuntimeOptions.of(read_environment(environment)))


async def engine_is(client: LspClient, busy: bool) -> Message:
    """The status once the model process has work, or has none any more."""
    async with asyncio.timeout(30):
        while True:
            status: Message = (await client.request("mellum/status"))["result"]
            runtime = status.get("runtime") or {"active": 0, "queued": {}}
            if bool(runtime["active"] or sum(runtime["queued"].values())) == busy:
                return status


def test_a_request_that_is_taken_back_frees_the_model_at_once(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, "x = ")
        await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4))
        spent = []
        for number in range(ROUNDS):
            text = "".join(f"value_{number}_{line} = other_{line}\n" for line in range(LINES)) + "result = "
            client.notify("textDocument/didChange", {"textDocument": {"uri": URI}, "contentChanges": [{"text": text}]})
            identifier, answer = client.start("textDocument/inlineCompletion", inline_params(URI, LINES, 9))
            pid = (await engine_is(client, busy=True))["runtime"]["pid"]
            assert not answer.done(), "the prompt is too short to be caught while it is read"
            before = activity(pid).cpu_seconds
            client.notify("$/cancelRequest", {"id": identifier})
            assert (await answer)["error"]["code"] == -32800
            await engine_is(client, busy=False)
            spent.append(activity(pid).cpu_seconds - before)
        # Processor time, which with one thread is all the time that a machine of its own would take.
        assert statistics.median(spent) <= FREE_SECONDS, spent
        status = (await client.request("mellum/status"))["result"]
        assert status["cancelled"] == ROUNDS
        assert status["runtime"]["cancelled"] >= ROUNDS

    with_nano(tmp_path, {"prefixChars": 60_000, "prefixLines": LINES + 1, "warmUp": False}, test)

"""Editor, server and model process together: a small random checkpoint, or the embedded model where it is built."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mellum_ls.lsp_server.runtime_command import run as runtime_command
from mellum_ls.runtime.environment import model_directory
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.lsp_client import LspClient, Message, inline_params, isolated_environment, server_process

URI = "file:///project/a.py"
TEXT = "def add(left: int, right: int) -> int:\n    return left + "


def with_runtime(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: Path,
    test: Callable[[LspClient], Awaitable[None]],
) -> None:
    """Run `test` against a server whose model process lives under `tmp_path` and ends with the test."""
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(model), MELLUM_THREADS="1")
    for name, value in environment.items():
        if name.startswith("MELLUM_"):
            monkeypatch.setenv(name, value)

    async def run() -> None:
        async with server_process(env=environment) as client:
            await client.initialize({"maxTokens": 12}, rootUri="file:///project")
            await test(client)
            assert await client.shut_down() == 0

    try:
        asyncio.run(run())
    finally:
        runtime_command("stop", str(model), as_json=True, out=lambda line: None)


async def complete(client: LspClient, line: int = 1, character: int = 18) -> Message:
    answer = await client.request("textDocument/inlineCompletion", inline_params(URI, line, character))
    result: Message = answer["result"]
    return result


async def runtime_status(client: LspClient) -> Message:
    status: Message = (await client.request("mellum/status"))["result"]
    return status


def test_a_killed_model_process_costs_one_suggestion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, TEXT)
        assert "items" in await complete(client)
        before = await runtime_status(client)
        assert (before["state"], before["lastError"]) == ("ready", "")
        assert before["runtime"]["engine"]["requests"] == 1
        pid = before["runtime"]["pid"]
        os.kill(pid, signal.SIGKILL)
        # The first request may still meet the dead connection; the restart itself waits for nothing.
        for version in (2, 3):
            client.change(URI, version, 0, 0, " ")
            assert "items" in await complete(client)
        after = await runtime_status(client)
        assert (after["state"], after["lastError"]) == ("ready", "")
        assert after["runtime"]["pid"] != pid

    with_runtime(tmp_path, monkeypatch, write_checkpoint(tmp_path / "model"), test)


def test_a_model_that_cannot_be_loaded_is_silence_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()

    async def test(client: LspClient) -> None:
        client.open(URI, TEXT)
        assert await complete(client) == {"items": []}
        status = await runtime_status(client)
        assert status["reason"] == "the model is not available"
        assert "config.json" in status["lastError"]

    with_runtime(tmp_path, monkeypatch, tmp_path / "empty", test)


NANO = model_directory(None)


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
def test_the_embedded_model_completes_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(client: LspClient) -> None:
        client.open(URI, TEXT)
        [item] = (await complete(client))["items"]
        assert item["range"]["start"] == item["range"]["end"] == {"line": 1, "character": 18}
        assert "right" in item["insertText"]

    with_runtime(tmp_path, monkeypatch, NANO, test)

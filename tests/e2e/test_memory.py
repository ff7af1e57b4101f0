"""How much memory the two processes hold, with the embedded model and a long prompt cached."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import Completed, CompletionRequest
from mellum_ls.runtime.environment import model_directory, read_environment
from tests.fakes.lsp_client import inline_params, isolated_environment, server_process
from tests.fakes.process_figures import resident_mb

URI = "file:///project/a.py"
SERVER_MB, RUNTIME_MB, CACHED_TOKENS = 130.0, 650.0, 8192
CHARS = 29_000
"""As many of our own sources make so many tokens."""
MARGIN = 0.9
"""The share of a limit that may be used up on the machine of the test."""
NANO = model_directory(None)
SOURCES = sorted((Path(launch.__file__).parents[1]).rglob("*.py"))

pytestmark = pytest.mark.skipif(
    not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built"
)


def test_the_language_server_is_small(tmp_path: Path) -> None:
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(NANO), MELLUM_THREADS="1")

    async def run() -> tuple[float, float]:
        async with server_process(env=environment) as client:
            await client.initialize({"maxTokens": 4})
            await client.request("mellum/status")
            fresh = resident_mb(client.process.pid)
            client.open(URI, "x = ")
            await client.request("textDocument/inlineCompletion", inline_params(URI, 0, 4))
            used = resident_mb(client.process.pid)
            assert await client.shut_down() == 0
        return fresh, used

    try:
        fresh, used = asyncio.run(run())
    finally:
        launch.stop(RuntimeOptions.of(read_environment(environment)))
    sys.stdout.write(f"language server: {fresh:.0f} MB after initialize, {used:.0f} MB after a completion\n")
    assert 5 < fresh <= used <= SERVER_MB * MARGIN


def test_the_model_process_with_a_long_prompt_cached(tmp_path: Path) -> None:
    options = RuntimeOptions(tmp_path / "run", tmp_path / "cache", str(NANO), threads=1)
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)[:CHARS]

    async def run() -> tuple[int, float, float, int]:
        client = RuntimeClient(options)
        request = CompletionRequest("s", "def add(", context=(("all.py", text),), max_tokens=1, priority="warm_up")
        *_, end = [item async for item in client.complete(request)]
        assert isinstance(end, Completed)
        status = await client.status()
        assert status is not None
        told, held = status.rss_mb, resident_mb(status.pid)
        kv_bytes = status.engine["kv_bytes"]
        assert isinstance(kv_bytes, int)
        await client.close()
        return end.usage.prompt_tokens, told, held, kv_bytes

    try:
        num_tokens, told, held, kv_bytes = asyncio.run(run())
    finally:
        launch.stop(options)
    sys.stdout.write(f"model process: {held:.0f} MB with {num_tokens} tokens cached ({kv_bytes / 1e6:.0f} MB)\n")
    assert num_tokens >= CACHED_TOKENS
    assert kv_bytes > CACHED_TOKENS
    assert abs(told - held) < 20
    assert held <= RUNTIME_MB * MARGIN

"""What a keystroke costs the model, by its own count: editor, server and model process together, nothing timed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.runtime_command import run as runtime_command
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.lsp_client import SECONDS, LspClient, inline_params, isolated_environment, server_process

PINNED = "".join(f"def pinned_{number}(a, b):\n    return a + b\n" for number in range(12))
ABOVE = "".join(f"value_{number} = {number}\n" for number in range(20))
BELOW = "\n\ndef last():\n    return value_1\n"
LINE = ABOVE.count("\n")
# The half-typed piece that healing takes back, the key itself, and the token after which the model writes.
MOST_FOR_A_KEY = 6
Status = dict[str, Any]


def with_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: Callable[[LspClient, str], Awaitable[None]]
) -> None:
    """Run `test` with a client and the URI of the open a.py of a workspace that has b.py pinned."""
    model = write_checkpoint(tmp_path / "model", small_config(max_position_embeddings=8192))
    project = tmp_path / "project"
    project.mkdir()
    (project / "b.py").write_text(PINNED)
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(model), MELLUM_THREADS="1")
    for name, value in environment.items():
        if name.startswith("MELLUM_"):
            monkeypatch.setenv(name, value)

    async def run() -> None:
        async with server_process(env=environment) as client:
            options = {"maxTokens": 4, "pinnedFiles": ["b.py"]}
            hello = await client.initialize(options, rootUri=project.as_uri())
            assert hello["capabilities"]["experimental"]["mellum"]["didMoveCursor"] is True
            uri = f"{project.as_uri()}/a.py"
            client.open(uri, f"{ABOVE}{BELOW}")
            await test(client, uri)
            assert await client.shut_down() == 0

    try:
        asyncio.run(run())
    finally:
        runtime_command("stop", str(model), as_json=True, out=lambda line: None)


async def status_of(client: LspClient) -> Status:
    status: Status = (await client.request("mellum/status"))["result"]
    return status


async def ask(client: LspClient, uri: str, character: int) -> Status:
    """What the request at the edited line cost."""
    await client.request("textDocument/inlineCompletion", inline_params(uri, LINE, character))
    cost: Status = (await status_of(client))["lastRequest"]
    return cost


def test_a_key_costs_a_few_tokens_whatever_stands_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(client: LspClient, uri: str) -> None:
        first = await ask(client, uri, 0)
        assert first["computedTokens"] == first["promptTokens"] > 200
        # As an editor does it: an opener brings its closer, which is then typed over.
        typed = ["x", " ", "=", " ", "f", "()", "a", "[]", "0", "", "", "."]
        length, column = 0, 0
        for version, key in enumerate(typed, 2):
            client.change(uri, version, LINE, column, key)
            length, column = length + len(key), column + 1
            cost = await ask(client, uri, column)
            assert cost["computedTokens"] <= MOST_FOR_A_KEY, key
            assert cost["promptTokens"] >= first["promptTokens"] - 1

    with_project(tmp_path, monkeypatch, test)


def test_a_cursor_that_rests_is_paid_for_before_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(client: LspClient, uri: str) -> None:
        place = {"line": LINE, "character": 0}
        client.notify("mellum/didMoveCursor", {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}})
        async with asyncio.timeout(SECONDS):
            while (await status_of(client))["warmUps"] == 0:
                pass
        cost = await ask(client, uri, 0)
        assert cost["promptTokens"] > 200
        assert cost["computedTokens"] <= MOST_FOR_A_KEY

    with_project(tmp_path, monkeypatch, test)


def test_a_secret_document_costs_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(client: LspClient, uri: str) -> None:
        await ask(client, uri, 0)
        before = (await status_of(client))["runtime"]["engine"]
        secret = uri.replace("a.py", ".env")
        client.open(secret, "PASSWORD=hunter2\n")
        answer = await client.request("textDocument/inlineCompletion", inline_params(secret, 0, 9))
        assert answer["result"] == {"items": []}
        status = await status_of(client)
        assert status["reason"] == "the document is kept back: it holds environment values"
        assert status["runtime"]["engine"] == before
        assert "hunter2" not in client.log

    with_project(tmp_path, monkeypatch, test)

"""When the model is left alone: completions off, documents kept back; and how a user learns the reason."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import read_environment
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.lsp_client import LspClient, Message, inline_params, isolated_environment, server_process
from tests.fakes.process_figures import processes_naming

URI = "file:///project/a.py"
SECRETS = (".env", ".env.local", "key.pem", "id_rsa", ".ssh/config")


def with_model(tmp_path: Path, test: Callable[[LspClient, Callable[[], set[int]]], Awaitable[None]]) -> None:
    """Run `test` with a client that has said nothing yet, and with what tells the model processes there are."""
    model = write_checkpoint(tmp_path / "model")
    environment = isolated_environment(tmp_path, MELLUM_MODEL=str(model), MELLUM_THREADS="1")
    options = RuntimeOptions.of(read_environment(environment))

    async def run() -> None:
        async with server_process(env=environment) as client:
            await test(client, lambda: processes_naming(str(options.address().socket_path)))
            assert await client.shut_down() == 0

    try:
        asyncio.run(run())
    finally:
        launch.stop(options)


async def ask(client: LspClient, uri: str, line: int, character: int) -> list[Message]:
    answer = await client.request("textDocument/inlineCompletion", inline_params(uri, line, character))
    items: list[Message] = answer["result"]["items"]
    return items


async def status_of(client: LspClient) -> Message:
    status: Message = (await client.request("mellum/status"))["result"]
    return status


def test_switched_off_no_model_is_loaded_until_it_is_switched_on(tmp_path: Path) -> None:
    async def test(client: LspClient, models: Callable[[], set[int]]) -> None:
        await client.initialize({"enable": False, "maxTokens": 4}, rootUri="file:///project")
        client.open(URI, "x = ")
        client.change(URI, 2, 0, 4, "a")
        place = {"line": 0, "character": 5}
        span = {"start": place, "end": place}
        client.notify("mellum/didMoveCursor", {"textDocument": {"uri": URI}, "range": span})
        assert await ask(client, URI, 0, 5) == []
        status = await status_of(client)
        assert (status["state"], status["reason"]) == ("disabled", "completions are switched off")
        assert models() == set()

        client.notify("workspace/didChangeConfiguration", {"settings": {"mellum": {"enable": True, "maxTokens": 4}}})
        await ask(client, URI, 0, 5)
        assert (await status_of(client))["state"] == "ready"
        assert len(models()) == 1

    with_model(tmp_path, test)


def test_secret_documents_are_asked_about_in_vain_and_their_text_goes_nowhere(tmp_path: Path) -> None:
    async def test(client: LspClient, models: Callable[[], set[int]]) -> None:
        await client.initialize({"maxTokens": 4}, rootUri="file:///project")
        client.open(URI, "x = ")
        await ask(client, URI, 0, 4)
        before = (await status_of(client))["runtime"]["engine"]
        for name in SECRETS:
            uri = f"file:///project/{name}"
            client.open(uri, "PASSWORD=hunter2\n")
            client.change(uri, 2, 1, 0, "TOKEN=")
            assert await ask(client, uri, 1, 6) == []
            status = await status_of(client)
            assert status["reason"].startswith("the document is kept back: it "), name
            assert status["runtime"]["engine"] == before, name
        assert "hunter2" not in client.log

    with_model(tmp_path, test)


def test_every_silence_has_its_reason(tmp_path: Path) -> None:
    async def test(client: LspClient, models: Callable[[], set[int]]) -> None:
        # A model that cannot be loaded from the start: no process is left that a late start would bring about.
        await client.initialize({"model": str(tmp_path / "none")}, rootUri="file:///project")
        reasons = {}
        await ask(client, URI, 0, 0)
        reasons["not open"] = (await status_of(client))["reason"]
        client.open("file:///project/.env", "A=")
        await ask(client, "file:///project/.env", 0, 2)
        reasons["secret"] = (await status_of(client))["reason"]
        client.open(URI, "x = ")
        await ask(client, URI, 0, 4)
        status = await status_of(client)
        reasons["no model"] = status["reason"]
        assert str(tmp_path / "none") in status["lastError"]
        client.notify("workspace/didChangeConfiguration", {"settings": {"enable": False}})
        await ask(client, URI, 0, 4)
        reasons["off"] = (await status_of(client))["reason"]
        assert reasons == {
            "not open": "the document is not open",
            "secret": "the document is kept back: it holds environment values",
            "no model": "the model is not available",
            "off": "completions are switched off",
        }

    with_model(tmp_path, test)

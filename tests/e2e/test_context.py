"""The real server on a real workspace: code of other files reaches the model, and what is private never does."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.lsp_client import LspClient, inline_params, isolated_environment, server_process

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
HEAD = "def gross_price(net: float, rate: float) -> float:"
PRICES = f'{HEAD}\n    """A price with tax."""\n    return net * (1 + rate)\n'
CART = "from shop.prices import gross_price\n\n\ndef total(items):\n    return \n"
TOKENS = [f"ghp_{letter * 12}{number:024d}" for number, letter in enumerate("abcdefgh", 1)]
IN_ENV, IN_KEY, INLINE, IN_IGNORED, IN_AI_EXCLUDED, IN_EXCLUDED, BEHIND_LINK, IN_OPEN = TOKENS
CAPABILITIES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    files = {
        "shop/__init__.py": "",
        "shop/prices.py": PRICES,
        "shop/cart.py": CART,
        "shop/tax.py": f"{PRICES}\nTOKEN = '{INLINE}'\n\n\ndef gross_rate():\n    return call(TOKEN)\n",
        ".env": f"gross_price={IN_ENV}\n",
        "id_rsa": f"gross_price {IN_KEY}\n",
        ".gitignore": "/drafts/\n",
        "drafts/prices.py": f"{PRICES}# {IN_IGNORED} gross_price\ndrafted_{IN_IGNORED} = 1\n",
        "inner/.aiexclude": "",
        "inner/prices.py": f"{PRICES}# gross_price\ninner_{IN_AI_EXCLUDED} = 1\n",
        "vault/prices.py": f"{PRICES}# gross_price\nvault_{IN_EXCLUDED} = 1\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "prices.py").write_text(f"{PRICES}# gross_price\noutside_{BEHIND_LINK} = 1\n")
    if sys.platform != "win32":
        (root / "link.py").symlink_to(outside / "prices.py")
        (root / "linked").symlink_to(outside, target_is_directory=True)
    return root


def with_server(tmp_path: Path, test: Callable[[LspClient], Awaitable[None]]) -> list[dict[str, Any]]:
    """Run `test` against a server; all that its model was asked."""
    spied = tmp_path / "asked.jsonl"
    command = (sys.executable, "-P", str(SCRIPTED), "answer", "spy", str(spied))

    async def run() -> None:
        async with server_process(command, isolated_environment(tmp_path)) as client:
            client.granted = {"client/registerCapability"}
            await test(client)
            assert await client.shut_down() == 0

    asyncio.run(run())
    return [json.loads(line) for line in spied.read_text(encoding="utf-8").splitlines()] if spied.exists() else []


async def index_of(client: LspClient, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the status says of the folder's index once that is `ready`."""
    async with asyncio.timeout(60):
        while True:
            folders = (await client.request("mellum/status"))["result"]["repository"]
            if folders and folders[0]["state"] == "ready" and ready(folders[0]):
                return dict(folders[0])


async def ask(client: LspClient, uri: str, line: int, column: int) -> list[str]:
    answer = await client.request("textDocument/inlineCompletion", inline_params(uri, line, column))
    return [item["insertText"] for item in answer["result"]["items"]]


def contexts(asked: list[dict[str, Any]]) -> list[str]:
    return ["\n".join(f"{path}\n{text}" for path, text in query["context"]) for query in asked]


def test_the_definition_of_an_imported_function_reaches_the_model(tmp_path: Path, project: Path) -> None:
    cart, other = (project / "shop" / "cart.py").as_uri(), (project / "shop" / "other.py").as_uri()

    async def test(client: LspClient) -> None:
        await client.initialize(rootUri=project.as_uri(), capabilities=CAPABILITIES)
        client.open(cart, CART)
        await ask(client, cart, 4, 11)
        await index_of(client, lambda folder: True)
        client.open(other, "x = \n")
        await ask(client, other, 0, 4)
        await ask(client, cart, 4, 11)
        (registered,) = [request for request in client.requests if request["method"] == "client/registerCapability"]
        assert registered["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"

    asked = with_server(tmp_path, test)
    last = asked[-1]
    assert last["path"] == "shop/cart.py"
    assert any(path == "shop/prices.py" and HEAD.removesuffix(":") in text for path, text in last["context"])


def test_a_new_definition_is_seen_once_its_file_is_saved(tmp_path: Path, project: Path) -> None:
    cart, other = (project / "shop" / "cart.py").as_uri(), (project / "shop" / "other.py").as_uri()
    text = CART.replace("gross_price", "net_price")

    async def test(client: LspClient) -> None:
        await client.initialize(rootUri=project.as_uri())
        client.open(cart, text)
        await ask(client, cart, 4, 11)
        before = await index_of(client, lambda folder: True)
        (project / "shop" / "prices.py").write_text(
            f"{PRICES}\n\ndef net_price(gross: float) -> float:\n    return gross\n"
        )
        (project / "shop" / "more.py").write_text("def more():\n    return 1\n")
        saved = (project / "shop" / "prices.py").as_uri()
        client.notify("textDocument/didSave", {"textDocument": {"uri": saved}})
        changes = [{"uri": (project / "shop" / "more.py").as_uri(), "type": 1}]
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await index_of(client, lambda folder: bool(folder["files"] > before["files"]))
        client.open(other, "x = \n")
        await ask(client, other, 0, 4)
        await ask(client, cart, 4, 11)

    asked = with_server(tmp_path, test)
    assert "net_price(gross: float)" in contexts(asked)[-1]


def test_nothing_is_looked_at_when_that_is_switched_off(tmp_path: Path, project: Path) -> None:
    cart = (project / "shop" / "cart.py").as_uri()

    async def test(client: LspClient) -> None:
        await client.initialize({"context": False}, rootUri=project.as_uri())
        client.open(cart, CART)
        assert await ask(client, cart, 4, 11) == ["answer"]
        assert (await client.request("mellum/status"))["result"]["repository"] == []

    asked = with_server(tmp_path, test)
    assert [query["context"] for query in asked] == [[]] * len(asked)


def test_planted_secrets_reach_no_prompt_no_index_and_no_log(tmp_path: Path, project: Path) -> None:
    names = ["shop/cart.py", "shop/tax.py", "drafts/prices.py", "inner/prices.py", "vault/prices.py", ".env", "link.py"]
    uris = {name: (project / name).as_uri() for name in names}
    logs: list[str] = []

    async def test(client: LspClient) -> None:
        await client.initialize({"exclude": ["/vault/"]}, rootUri=project.as_uri(), capabilities=CAPABILITIES)
        for name in names:
            text = CART + f"KEY = '{IN_OPEN}'\n" if name == "shop/cart.py" else (project / name).read_text()
            client.open(uris[name], text)
        await ask(client, uris["shop/cart.py"], 4, 11)
        await index_of(client, lambda folder: True)
        # Every document has been visited and edited, the private ones too.
        for version, name in enumerate(names, 2):
            client.change(uris[name], version, 0, 0, "# gross_price\n")
            shown = await ask(client, uris[name], 1, 0)
            if name not in ("shop/cart.py", "shop/tax.py"):
                assert shown == [], name
                reason = str((await client.request("mellum/status"))["result"]["reason"])
                assert reason.startswith("the document is kept back: it "), name
            client.notify("textDocument/didSave", {"textDocument": {"uri": uris[name]}})
        await ask(client, uris["shop/cart.py"], 5, 11)
        await ask(client, uris["shop/tax.py"], 6, 0)
        client.notify("mellum/didMoveCursor", cursor(uris["shop/cart.py"]))
        await client.request("mellum/status")
        logs.append(json.dumps(client.notifications))

    asked = with_server(tmp_path, test)
    said = json.dumps(asked)
    # Only then does it mean something that the secrets are not there.
    assert any("gross_price" in text for text in contexts(asked))
    assert "<redacted>" in said
    kept = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if in_cache(path, project))
    assert b"gross_price" in kept or b"gross" in kept
    for token in TOKENS:
        assert token not in said
        assert token not in logs[0]
        for spelling in (token, token.lower(), token.removeprefix("ghp_")):
            assert spelling.encode() not in kept
    for private in ("drafts/", "inner/", "vault/", "link.py", "linked/", "outside"):
        assert not any(private in text for text in contexts(asked)), private


def cursor(uri: str) -> dict[str, Any]:
    place = {"line": 5, "character": 11}
    return {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}}


def in_cache(path: Path, project: Path) -> bool:
    """Whether the server has written that file, and not the test."""
    ours = (project, project.parent / "outside", project.parent / "asked.jsonl")
    return path.is_file() and not any(path.is_relative_to(place) for place in ours) and os.access(path, os.R_OK)

"""The hellos of three editors, as pytest-lsp has them on file, and a whole session with its client behind each."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient, client_capabilities

from tests.fakes.judged_client import JudgedProtocol, judged_client
from tests.fakes.lsp_client import isolated_environment

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
ANSWERS = {"a.py": "total = 1\ntotal += 2", "hang.py": "one two"}
COMMAND = (sys.executable, "-P", str(SCRIPTED), json.dumps(ANSWERS), "table")
# Of every width that a character can have in UTF-8, UTF-16 and UTF-32.
TEXT = "name = '🎉 語 é'\r\nx = 1\r\n"
OFFERS = {
    "visual-studio-code": None,
    "neovim": ["utf-8", "utf-16", "utf-32"],
    "emacs": ["utf-32", "utf-8", "utf-16"],
}


def hello(profile: str) -> types.InitializeParams:
    """The profile's initialize, with what none of the profiles has yet: inline completion."""
    capabilities = client_capabilities(profile)
    assert capabilities.text_document is not None
    capabilities.text_document.inline_completion = types.InlineCompletionClientCapabilities()
    folder = types.WorkspaceFolder(uri="file:///project", name="project")
    return types.InitializeParams(capabilities=capabilities, root_uri="file:///project", workspace_folders=[folder])


def open_document(client: LanguageClient, name: str, text: str) -> types.TextDocumentIdentifier:
    uri = f"file:///project/{name}"
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    return types.TextDocumentIdentifier(uri=uri)


def ask(document: types.TextDocumentIdentifier, line: int, character: int) -> types.InlineCompletionParams:
    context = types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Automatic)
    return types.InlineCompletionParams(context, document, types.Position(line, character))


async def complete(
    client: LanguageClient, document: types.TextDocumentIdentifier, line: int, character: int
) -> list[tuple[object, types.Range | None]]:
    answer = await client.text_document_inline_completion_async(ask(document, line, character))
    assert isinstance(answer, types.InlineCompletionList)
    return [(item.insert_text, item.range) for item in answer.items]


async def session(client: LanguageClient, profile: str) -> None:
    started = await client.initialize_session(hello(profile))
    assert started.capabilities.position_encoding == types.PositionEncodingKind.Utf16
    assert started.capabilities.inline_completion_provider
    document = open_document(client, "a.py", TEXT)

    # Behind the string: column 15 in UTF-16, 14 in UTF-32, 19 in UTF-8.
    change = types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(0, 15), types.Position(0, 15)), text="; "
    )
    versioned = types.VersionedTextDocumentIdentifier(version=2, uri=document.uri)
    client.text_document_did_change(types.DidChangeTextDocumentParams(versioned, [change]))
    place = types.Position(0, 17)
    span = types.Range(place, place)
    assert await complete(client, document, 0, 17) == [("total = 1\r\ntotal += 2", span)]
    assert await complete(client, document, 2, 0) == [
        ("total = 1\r\ntotal += 2", types.Range(types.Position(2, 0), types.Position(2, 0)))
    ]

    hanging = open_document(client, "hang.py", TEXT)
    sent = client.protocol.send_request("textDocument/inlineCompletion", ask(hanging, 2, 0), msg_id="mine")
    # The status is answered behind it, so that the request has arrived when it is cancelled.
    status = await client.protocol.send_request_async("mellum/status", {})
    assert (status.active, status.documents) == (1, 2)
    client.cancel_request(types.CancelParams(id="mine"))
    with pytest.raises(JsonRpcException) as refused:
        await asyncio.wrap_future(sent)
    assert refused.value.code == types.LSPErrorCodes.RequestCancelled

    for each in (document, hanging):
        client.text_document_did_close(types.DidCloseTextDocumentParams(each))
    assert (await client.protocol.send_request_async("mellum/status", {})).documents == 0
    await client.shutdown_session()
    assert client.messages == []
    assert isinstance(client.protocol, JudgedProtocol)
    assert client.protocol.referee.items == 2


@pytest.mark.parametrize("profile", OFFERS)
def test_a_whole_session_works_with_the_profile(tmp_path: Path, profile: str) -> None:
    async def run() -> None:
        async with judged_client(COMMAND, isolated_environment(tmp_path)) as client:
            await session(client, profile)

    asyncio.run(run())


@pytest.mark.parametrize(("profile", "offered"), OFFERS.items())
def test_the_profiles_offer_different_encodings(profile: str, offered: list[str] | None) -> None:
    general = client_capabilities(profile).general
    found = None if general is None or general.position_encodings is None else list(general.position_encodings)
    assert found in ([offered] if offered else [None, ["utf-16"]])

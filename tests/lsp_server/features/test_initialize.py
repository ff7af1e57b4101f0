import asyncio

from lsprotocol import types
from lsprotocol.converters import get_converter

from mellum_ls.lsp_server.features import initialize
from mellum_ls.lsp_server.server import MellumServer
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def test_hello_takes_options_roots_and_parent_and_warms_the_model_afterwards() -> None:
    async def run() -> None:
        backend, host = ScriptedBackend(), FakeHost()
        session = Session(lambda _: backend)
        initialize.register(host, session, "name", "1")
        hello = {
            "processId": 42,
            "workspaceFolders": [{"uri": "file:///r", "name": "r"}],
            "initializationOptions": {"maxTokens": 5, "wrong": 1},
        }
        result = await host.call("initialize", hello)
        assert result["serverInfo"] == {"name": "name", "version": "1"}
        assert (host.watched, session.roots, session.settings.max_tokens) == ([42], ("file:///r",), 5)
        assert host.logged == ["initializationOptions: unknown setting wrong"]
        assert backend.warmed == 0
        await host.call("initialized", {})
        await asyncio.sleep(0)
        assert backend.warmed == 1

    asyncio.run(run())


def test_what_is_advertised_is_handled() -> None:
    handled = MellumServer(lambda _: ScriptedBackend()).protocol.readers
    needs = {
        "textDocumentSync": ["textDocument/didOpen", "textDocument/didChange", "textDocument/didClose"],
        "inlineCompletionProvider": ["textDocument/inlineCompletion"],
        "codeActionProvider": ["textDocument/codeAction", "codeAction/resolve", "window/workDoneProgress/cancel"],
        "executeCommandProvider": ["workspace/executeCommand"],
        "notebookDocumentSync": [f"notebookDocument/did{what}" for what in ("Open", "Change", "Close", "Save")],
        "workspace": [f"workspace/did{what}" for what in ("ChangeWorkspaceFolders", "RenameFiles", "DeleteFiles")]
        + ["workspace/textDocumentContent"],
        "experimental": ["mellum/didMoveCursor", "mellum/nextEdit"],
        "positionEncoding": [],
    }
    assert set(needs) == set(initialize.CAPABILITIES)
    assert initialize.CAPABILITIES["experimental"] == {"mellum": {"didMoveCursor": True, "nextEdit": True}}
    assert {method for methods in needs.values() for method in methods} <= set(handled)


def test_what_clients_look_for_is_advertised() -> None:
    given = initialize.CAPABILITIES
    # pygls would leave the first two out.
    assert given["inlineCompletionProvider"] == {"workDoneProgress": False}
    assert given["textDocumentSync"] == {"openClose": True, "change": 2, "save": {"includeText": False}}
    read = get_converter().structure(given, types.ServerCapabilities)
    assert read.position_encoding == "utf-16"
    assert read.notebook_document_sync is not None
    assert read.notebook_document_sync.notebook_selector[0].notebook == "*"
    assert isinstance(read.code_action_provider, types.CodeActionOptions)
    assert read.code_action_provider.resolve_provider
    assert read.workspace is not None
    assert read.workspace.text_document_content is not None
    assert list(read.workspace.text_document_content.schemes) == ["mellum"]
    operations = read.workspace.file_operations
    assert operations is not None
    for operation in (operations.did_rename, operations.did_delete):
        assert operation is not None
        assert [(one.scheme, one.pattern.glob) for one in operation.filters] == [("file", "**")]


def test_a_client_may_want_traces_from_the_start() -> None:
    host = FakeHost()
    initialize.register(host, Session(lambda _: ScriptedBackend()), "name", "1")
    for value in ("verbose", "messages", "off", "nonsense", None, 3):
        asyncio.run(host.call("initialize", {"trace": value}))
    assert host.traces == ["verbose", "messages", "off", "off", "off", "off"]

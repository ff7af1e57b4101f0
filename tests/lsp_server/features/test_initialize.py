import asyncio

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
        "executeCommandProvider": ["workspace/executeCommand"],
        "workspace": ["workspace/didChangeWorkspaceFolders"],
        "experimental": ["mellum/didMoveCursor"],
        "positionEncoding": [],
    }
    assert set(needs) == set(initialize.CAPABILITIES)
    assert initialize.CAPABILITIES["experimental"] == {"mellum": {"didMoveCursor": True}}
    assert {method for methods in needs.values() for method in methods} <= set(handled)

import asyncio

from mellum_ls.lsp_server.features import text_sync
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def test_documents_follow_the_client() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        text_sync.register(host, session)
        document = {"uri": "u", "version": 1, "languageId": "python", "text": "a\u2028b\r\nc"}
        await host.call("textDocument/didOpen", {"textDocument": document})
        span = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 9}}
        change = {
            "textDocument": {"uri": "u", "version": 2},
            "contentChanges": [{"range": span, "text": "d"}],
        }
        await host.call("textDocument/didChange", change)
        opened = session.documents.get("u")
        assert opened is not None
        assert (opened.text, opened.version) == ("a\u2028b\r\nd", 2)
        await host.call("textDocument/didClose", {"textDocument": {"uri": "u"}})
        await host.call("textDocument/didChange", change)
        assert len(session.documents) == 0

    asyncio.run(run())

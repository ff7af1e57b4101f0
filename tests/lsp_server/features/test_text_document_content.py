import asyncio

import pytest

from mellum_ls.lsp_server.features import text_document_content
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def test_an_explanation_is_given_as_far_as_it_is_written() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        text_document_content.register(host, session)
        uri = session.actions.explanations.begin("a.py")
        session.actions.explanations.grow(uri, "so f")
        assert await host.call("workspace/textDocumentContent", {"uri": uri}) == {"text": "so f"}
        gone = await host.call("workspace/textDocumentContent", {"uri": "mellum:/explanation-7/x.md"})
        assert "no longer" in gone["text"]
        with pytest.raises(ParamsError):
            await host.call("workspace/textDocumentContent", {})

    asyncio.run(run())

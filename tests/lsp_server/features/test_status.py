import asyncio
import json

from mellum_ls.lsp_server.features import status
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def test_status_says_how_the_model_is_and_starts_nothing() -> None:
    async def run() -> None:
        made: list[str] = []

        def make(model: str) -> ScriptedBackend:
            made.append(model)
            return ScriptedBackend()

        host, session = FakeHost(), Session(make)
        status.register(host, session)
        before = await host.call("mellum/status", {})
        assert (before["state"], before["reason"], before["documents"], made) == ("stopped", "", 0, [])
        assert (before["requests"], before["lastRequest"]) == (0, None)
        assert before["pinned"] == {"files": [], "problems": []}
        assert json.loads(json.dumps(before)) == before
        session.asking.backend(session.model)
        after = await host.call("mellum/status", {})
        assert (after["state"], after["model"]) == ("ready", "scripted")

    asyncio.run(run())

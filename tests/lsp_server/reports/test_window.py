import asyncio
import json

from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.reports.window import window_report
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend


def test_the_report_of_a_window_is_plain_json_without_text() -> None:
    async def run() -> None:
        session = Session(lambda _: ScriptedBackend("wordless"))
        fresh = await window_report(session)
        assert (fresh["state"], fresh["requests"], fresh["modelRuns"]) == ("stopped", 0, 0)
        session.open("file:///r/a.py", "python", 1, "hidden = ")
        assert await session.suggest("file:///r/a.py", Place(0, 9)) is not None
        report = await window_report(session)
        assert report["state"] == "ready"
        assert (report["documents"], report["requests"], report["modelRuns"]) == (1, 1, 1)
        said = json.dumps(report)
        assert "hidden" not in said
        assert "wordless" not in said
        await session.close()

    asyncio.run(run())

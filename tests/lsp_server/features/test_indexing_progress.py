import asyncio
from typing import Any

from mellum_ls.lsp_server.features import indexing_progress
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost
from tests.fakes.sleeper import settled

ROOT, OTHER = "file:///r", "file:///q"


class Start:
    def __init__(self, *, shows: bool = True) -> None:
        self.host, self.session = (
            FakeHost({"window/workDoneProgress/create": None}),
            Session(lambda _: ScriptedBackend()),
        )
        self.session.client = Client(shows_progress=shows)
        indexing_progress.register(self.host, self.session)

    async def tell(self, root: str, event: str, **more: int) -> None:
        for watcher in self.session.repository.watchers:
            watcher(root, {"event": event, **more})
        await settled()

    def values(self, token: str) -> list[tuple[str, int | None]]:
        sent: list[Any] = [params for method, params in self.host.notified if method == "$/progress"]
        return [(s["value"]["kind"], s["value"].get("percentage")) for s in sent if s["token"] == token]


def test_a_long_first_look_is_shown_and_ended() -> None:
    async def run() -> None:
        start = Start()
        await start.tell(ROOT, "building")
        for done in (0, 250, 1000):
            await start.tell(ROOT, "progress", done=done, total=1000)
        await start.tell(ROOT, "ready", files=1000)
        assert start.values("mellum-indexing-1") == [("begin", 0), ("report", 25), ("report", 100), ("end", None)]
        # What has been shown once is over: the next build is another piece of work.
        await start.tell(ROOT, "progress", done=0, total=1000)
        await start.tell(ROOT, "crashed")
        assert start.values("mellum-indexing-2") == [("begin", 0), ("end", None)]

    asyncio.run(run())


def test_two_folders_are_two_pieces_of_work() -> None:
    async def run() -> None:
        start = Start()
        await start.tell(ROOT, "progress", done=0, total=1000)
        await start.tell(OTHER, "progress", done=0, total=500)
        await start.tell(OTHER, "failed")
        assert start.values("mellum-indexing-1") == [("begin", 0)]
        assert start.values("mellum-indexing-2") == [("begin", 0), ("end", None)]

    asyncio.run(run())


def test_a_few_files_are_not_worth_a_flicker() -> None:
    async def run() -> None:
        start = Start()
        await start.tell(ROOT, "progress", done=0, total=20)
        await start.tell(ROOT, "progress", done=990, total=1000)
        await start.tell(ROOT, "ready")
        assert start.host.asked == []

    asyncio.run(run())


def test_a_client_that_shows_none_is_not_asked() -> None:
    async def run() -> None:
        start = Start(shows=False)
        await start.tell(ROOT, "progress", done=0, total=1000)
        assert start.host.asked == []

    asyncio.run(run())

import asyncio
from typing import Any

from mellum_ls.lsp_server.features import loading_progress
from mellum_ls.lsp_server.model.backend import BackendStatus
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost
from tests.fakes.sleeper import Sleeper, settled

CREATE = "window/workDoneProgress/create"
STARTING, LOADING = BackendStatus("starting"), BackendStatus("starting", details={})


class Loading(ScriptedBackend):
    """Is how `now` says."""

    now = STARTING

    async def status(self) -> BackendStatus:
        return self.now


class Asked(FakeHost):
    """Answers when `allowed` is set."""

    def __init__(self, answers: dict[str, object]) -> None:
        super().__init__(answers)
        self.allowed = asyncio.Event()
        self.tokens: list[object] = []

    async def ask(self, method: str, params: Any) -> Any:
        self.tokens.append(params["token"])
        await self.allowed.wait()
        return await super().ask(method, params)

    def values(self) -> list[tuple[str, str | None]]:
        sent: list[Any] = [params for method, params in self.notified if method == "$/progress"]
        assert {params["token"] for params in sent} <= set(self.tokens)
        return [(params["value"]["kind"], params["value"].get("message")) for params in sent]


class Start:
    def __init__(self, *, client: bool = True, permit: bool = True) -> None:
        self.backend, self.sleeper = Loading(), Sleeper()
        self.host = Asked({CREATE: None} if permit else {})
        self.session = Session(lambda _: self.backend, sleep=self.sleeper.sleep)
        self.session.client = Client(shows_progress=client)
        loading_progress.register(self.host, self.session)
        self.session.standing.open()

    async def warm(self) -> None:
        self.session.warm()
        await settled()

    async def become(self, status: BackendStatus) -> None:
        self.backend.now = status
        await self.sleeper.pass_time(1)


STEPS = [("begin", "starting the model process"), ("report", "loading the model"), ("end", None)]


def test_a_load_is_begun_reported_and_ended() -> None:
    async def run() -> None:
        start = Start()
        await start.warm()
        assert start.host.values() == []
        start.host.allowed.set()
        await settled()
        await start.become(LOADING)
        await start.become(BackendStatus("ready"))
        assert start.host.values() == STEPS
        start.backend.now = LOADING
        await start.warm()
        assert len(set(start.host.tokens)) == 2
        await start.become(BackendStatus("failed", last_error="broken"))
        assert start.host.values()[3:] == [("begin", "loading the model"), ("end", None)]
        assert start.session.standing.status.message == "broken"

    asyncio.run(run())


def test_the_end_of_the_session_ends_it() -> None:
    async def run() -> None:
        start = Start()
        start.host.allowed.set()
        await start.warm()
        await start.session.close()
        assert start.host.values() == [STEPS[0], STEPS[2]]

    asyncio.run(run())


def test_a_load_that_is_over_before_the_client_answers_is_not_begun() -> None:
    async def run() -> None:
        start = Start()
        await start.warm()
        await start.become(BackendStatus("ready"))
        start.host.allowed.set()
        await settled()
        assert (start.host.values(), len(start.host.tokens)) == ([], 1)

    asyncio.run(run())


def test_a_client_that_refuses_or_cannot_show_it_is_left_alone() -> None:
    async def run() -> None:
        for start, asked in ((Start(permit=False), 1), (Start(client=False), 0)):
            start.host.allowed.set()
            await start.warm()
            await start.become(LOADING)
            await start.become(BackendStatus("ready"))
            assert (start.host.values(), len(start.host.tokens)) == ([], asked)

    asyncio.run(run())


def test_a_model_that_is_ready_is_no_load() -> None:
    async def run() -> None:
        start = Start()
        start.backend.now = BackendStatus("ready")
        await start.warm()
        assert start.host.tokens == []

    asyncio.run(run())

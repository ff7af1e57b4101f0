import asyncio

import pytest

from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.features import status_notifications
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost
from tests.fakes.sleeper import settled

URI = "file:///a.py"
NORMAL = {"busy": False, "kind": "Normal", "message": ""}
BUSY = {**NORMAL, "busy": True}


def watched(backend: ScriptedBackend, client: Client | None = None) -> tuple[FakeHost, Session]:
    host, session = FakeHost(), Session(lambda _: backend)
    session.client = Client(speaks_copilot=True) if client is None else client
    status_notifications.register(host, session)
    session.documents.open(URI, "python", 1, "x = ")
    return host, session


def told(host: FakeHost) -> list[object]:
    assert {method for method, _ in host.notified} <= {"didChangeStatus"}
    sent = [params for _, params in host.notified]
    host.notified.clear()
    return sent


def test_busy_while_a_request_is_computed_and_nothing_twice() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1 2", gate=asyncio.Event())
        host, session = watched(backend)
        session.standing.open()
        await settled()
        assert told(host) == [NORMAL]
        asking = asyncio.ensure_future(session.suggest(URI, Place(0, 4)))
        await backend.started.get()
        await settled()
        assert told(host) == [BUSY]
        assert backend.gate is not None
        backend.gate.set()
        await asking
        await settled()
        assert told(host) == [NORMAL]
        session.standing.open()
        await settled()
        assert told(host) == []

    asyncio.run(run())


def test_why_there_is_nothing_is_said() -> None:
    async def run() -> None:
        backend = ScriptedBackend(error="no model there")
        host, session = watched(backend)
        session.standing.open()
        await session.suggest(URI, Place(0, 4))
        await settled()
        assert told(host)[-1] == {"busy": False, "kind": "Error", "message": "no model there"}
        session.configure("test", {"enable": False})
        await settled()
        assert told(host) == [{"busy": False, "kind": "Inactive", "message": "completions are switched off"}]
        backend.error = ""
        session.configure("test", {"enable": True})
        await session.suggest(URI, Place(0, 4))
        await settled()
        assert told(host)[-1] == NORMAL

    asyncio.run(run())


@pytest.mark.parametrize(
    ("client", "options", "wanted"),
    [
        (Client(), {}, False),
        (Client(), {"status": True}, True),
        (Client(speaks_copilot=True), {}, True),
    ],
)
def test_only_clients_that_want_it_are_told(client: Client, options: dict[str, object], wanted: bool) -> None:
    async def run() -> None:
        host, session = watched(ScriptedBackend("1"), client)
        session.configure("options", options)
        session.standing.open()
        await settled()
        assert told(host) == ([NORMAL] if wanted else [])

    asyncio.run(run())

import asyncio

from mellum_ls.lsp_server.features import watched_files
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def new_session(told: list[tuple[str, ...]]) -> Session:
    session = Session(lambda _: ScriptedBackend())
    session.files_changed = lambda uris: told.append(tuple(uris))  # type: ignore[method-assign]
    return session


def test_saves_and_watched_files_are_passed_on() -> None:
    async def run() -> None:
        told: list[tuple[str, ...]] = []
        host = FakeHost()
        watched_files.register(host, new_session(told))
        changes = [{"uri": "file:///a", "type": 1}, {"uri": "file:///b", "type": 3}]
        await host.call("workspace/didChangeWatchedFiles", {"changes": changes})
        await host.call("textDocument/didSave", {"textDocument": {"uri": "file:///c"}})
        assert told == [("file:///a", "file:///b"), ("file:///c",)]

    asyncio.run(run())


def test_a_client_is_asked_to_watch_only_where_it_can_be_asked() -> None:
    async def run() -> None:
        host, session = FakeHost({"client/registerCapability": None}), new_session([])
        await watched_files.watch(host, session)
        assert host.asked == []
        session.client = Client(watches_files=True)
        await watched_files.watch(host, session)
        ((method, asked),) = host.asked
        assert method == "client/registerCapability"
        assert isinstance(asked, dict)
        (registration,) = asked["registrations"]
        assert registration["method"] == "workspace/didChangeWatchedFiles"
        assert registration["registerOptions"]["watchers"] == [{"globPattern": "**/*"}]

    asyncio.run(run())


def test_a_client_that_refuses_is_lived_without() -> None:
    async def run() -> None:
        host, session = FakeHost(), new_session([])
        session.client = Client(watches_files=True)
        await watched_files.watch(host, session)
        assert len(host.asked) == 1

    asyncio.run(run())

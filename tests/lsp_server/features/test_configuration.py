import asyncio

from mellum_ls.lsp_server.features import configuration
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost

METHOD = "workspace/didChangeConfiguration"


def changed(host: FakeHost, params: object, *, pulls: bool = False) -> Session:
    async def run() -> Session:
        session = Session(lambda _: ScriptedBackend())
        session.pulls_configuration = pulls
        configuration.register(host, session)
        await host.call(METHOD, params)
        return session

    return asyncio.run(run())


def test_pushed_settings_are_taken() -> None:
    host = FakeHost()
    assert changed(host, {"settings": {"mellum": {"maxLines": 2}}}).settings.max_lines == 2
    assert host.logged == []


def test_null_means_ask() -> None:
    host = FakeHost({"workspace/configuration": [{"maxLines": 3}]})
    assert changed(host, {"settings": None}, pulls=True).settings.max_lines == 3


def test_a_client_that_answers_nothing_useful_changes_nothing() -> None:
    for host in (
        FakeHost(),
        FakeHost({"workspace/configuration": None}),
        FakeHost({"workspace/configuration": [None]}),
    ):
        assert changed(host, {}, pulls=True).settings.max_lines == 16


def test_problems_go_to_the_log_once() -> None:
    host = FakeHost()
    session = changed(host, {"settings": {"wrong": 1}})
    configuration.take(host, session, "again", {"wrong": 1})
    assert host.logged == ["didChangeConfiguration: unknown setting wrong"]


def test_switching_off_live_loads_no_model() -> None:
    async def run() -> None:
        backend, host = ScriptedBackend(), FakeHost()
        session = Session(lambda _: backend)
        configuration.register(host, session)
        await host.call(METHOD, {"settings": {"enable": False}})
        await asyncio.sleep(0)
        assert backend.warmed == 0
        await host.call(METHOD, {"settings": {"enable": True}})
        await asyncio.sleep(0)
        assert backend.warmed == 1

    asyncio.run(run())

import asyncio

import pytest

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


A, B = "file:///a", "file:///b"


def scoped(answer: object) -> tuple[FakeHost, Session]:
    """A session over two folders that has asked and got `answer`."""
    host, session = FakeHost({"workspace/configuration": answer}), Session(lambda _: ScriptedBackend())
    session.roots = (A, B)
    asyncio.run(configuration.pull(host, session))
    return host, session


def test_each_folder_is_asked_about_and_decides_for_its_documents() -> None:
    host, session = scoped([{"maxLines": 3}, {"maxLines": 4}, None])
    items = [{"section": "mellum"}, *({"scopeUri": root, "section": "mellum"} for root in (A, B))]
    assert host.asked == [("workspace/configuration", {"items": items})]
    lines = [session.settings_for(f"{root}/x.py").max_lines for root in (A, B, "file:///elsewhere")]
    assert lines == [4, 3, 3]


@pytest.mark.parametrize("answer", [[], [None], [{"maxLines": 3}], [{"maxLines": 3}, 7, "x", {"maxLines": 9}]])
def test_an_answer_of_another_length_or_kind_is_taken_as_far_as_it_goes(answer: object) -> None:
    _, session = scoped(answer)
    assert session.settings_for(f"{A}/x.py").max_lines == (3 if len(answer) and answer[0] else 16)


def test_an_answer_that_comes_after_a_newer_one_is_dropped() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        answers = [asyncio.get_running_loop().create_future() for _ in range(2)]
        waiting = iter(answers)
        host.ask = lambda *_: next(waiting)  # type: ignore[method-assign]
        pulls = [asyncio.ensure_future(configuration.pull(host, session)) for _ in range(2)]
        await asyncio.sleep(0)
        answers[1].set_result([{"maxLines": 2}])
        await pulls[1]
        answers[0].set_result([{"maxLines": 1}])
        await pulls[0]
        assert session.settings.max_lines == 2

    asyncio.run(run())

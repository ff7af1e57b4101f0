import asyncio
from typing import Any

from mellum_ls.lsp_server.wire.work_progress import WorkProgress
from tests.fakes.host import FakeHost
from tests.fakes.sleeper import settled

CREATE = "window/workDoneProgress/create"


def values(host: FakeHost) -> list[dict[str, Any]]:
    sent: list[Any] = [params for method, params in host.notified if method == "$/progress"]
    assert all(params["token"] == "t" for params in sent)
    return [params["value"] for params in sent]


def test_it_begins_with_the_latest_and_says_nothing_twice() -> None:
    async def run() -> None:
        host = FakeHost({CREATE: None})
        work = WorkProgress(host, "t", "one", 0)
        work.at("two", 10)
        assert values(host) == [], "the client has not agreed yet"
        await settled()
        work.at("two", 10)
        work.at("two", 20)
        work.end()
        assert values(host) == [
            {"kind": "begin", "title": "Mellum", "cancellable": False, "message": "two", "percentage": 10},
            {"kind": "report", "message": "two", "percentage": 20},
            {"kind": "end"},
        ]

    asyncio.run(run())


def test_what_is_over_before_the_client_has_agreed_is_never_shown() -> None:
    async def run() -> None:
        host = FakeHost({CREATE: None})
        work = WorkProgress(host, "t", "one")
        work.end()
        await settled()
        assert values(host) == []

    asyncio.run(run())


def test_a_client_that_refuses_sees_nothing() -> None:
    async def run() -> None:
        host = FakeHost()
        work = WorkProgress(host, "t", "one")
        await settled()
        work.at("two")
        assert work.asking.done()
        work.end()
        assert values(host) == []

    asyncio.run(run())

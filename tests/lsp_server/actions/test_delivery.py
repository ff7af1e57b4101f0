import asyncio
from collections.abc import Awaitable, Callable

from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.actions.kinds import EXPLAIN, FIX
from mellum_ls.lsp_server.actions.wanted import Wanted
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.abilities import Abilities
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost

URI = "file:///r/a.py"
GOOD = "```\ndef one():\n    return 1\n```"
FIXING, EXPLAINING = Wanted(FIX, URI, 1, 1), Wanted(EXPLAIN, URI, 1, 1)


def play(
    scene: Callable[[Delivery, FakeHost, ScriptedBackend], Awaitable[None]],
    abilities: Abilities,
    answers: dict[str, object],
    replies: str = GOOD,
    gate: asyncio.Event | None = None,
) -> None:
    async def run() -> None:
        backend, host = ScriptedBackend(replies=replies, gate=gate), FakeHost(answers)
        session = Session(lambda _: backend)
        session.client = Client(abilities=abilities, shows_progress=True)
        session.open(URI, "python", 1, "def one():\n    return uno\n")
        await scene(Delivery(host, session), host, backend)
        await session.close()

    asyncio.run(run())


def kinds(host: FakeHost) -> list[str]:
    return [params["value"]["kind"] for _, params in host.notified]  # type: ignore[index, call-overload]


def test_an_edit_is_sent_and_the_clients_word_counts() -> None:
    async def scene(delivery: Delivery, host: FakeHost, backend: ScriptedBackend) -> None:
        assert await delivery.execute(FIXING) == {"applied": True, "reason": ""}
        host.answers["workspace/applyEdit"] = {"applied": False}
        assert await delivery.execute(FIXING) == {"applied": False, "reason": "the client did not apply the edit"}
        del host.answers["workspace/applyEdit"]
        assert await delivery.execute(FIXING) == {"applied": False, "reason": "the client refused the edit"}
        assert kinds(host)[0] == "begin"
        assert kinds(host).count("begin") == kinds(host).count("end") == 3

    answers = {"workspace/applyEdit": {"applied": True}, "window/workDoneProgress/create": None}
    play(scene, Abilities(applies_edits=True), answers)


def test_cancelling_by_token_is_a_result_and_ends_the_progress() -> None:
    async def scene(delivery: Delivery, host: FakeHost, backend: ScriptedBackend) -> None:
        work = asyncio.ensure_future(delivery.resolve(FIXING))
        await backend.chatting.get()
        for token in (None, 1, "mellum-action-9"):
            delivery.cancel(token)
        assert not work.done()
        delivery.cancel("mellum-action-1")
        assert (await work).reason == "cancelled"
        assert backend.cancelled == 1
        assert (kinds(host)[0], kinds(host)[-1]) == ("begin", "end")
        delivery.cancel("mellum-action-1")

    play(scene, Abilities(), {"window/workDoneProgress/create": None}, gate=asyncio.Event())


def test_an_explanation_is_shown_first_and_refreshed_at_its_lines() -> None:
    async def scene(delivery: Delivery, host: FakeHost, backend: ScriptedBackend) -> None:
        answer = await delivery.execute(EXPLAINING)
        assert answer["text"] == "one two\nthree four\n"
        methods = [method for method, _ in host.asked if method != "window/workDoneProgress/create"]
        assert methods == ["window/showDocument", *["workspace/textDocumentContent/refresh"] * 2]

    answers: dict[str, object] = {
        "window/showDocument": {"success": True},
        "workspace/textDocumentContent/refresh": None,
    }
    play(scene, Abilities(shows_documents=True, reads_contents=True), answers, "one two\nthree four")


def test_a_client_that_refuses_everything_still_gets_the_text() -> None:
    async def scene(delivery: Delivery, host: FakeHost, backend: ScriptedBackend) -> None:
        assert (await delivery.execute(EXPLAINING))["text"] == "So.\n"

    for abilities in (Abilities(), Abilities(shows_documents=True), Abilities(*[True] * 8)):
        play(scene, abilities, {}, "So.")

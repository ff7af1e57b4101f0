from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest

from mellum_ls.runtime.client.address import Address
from mellum_ls.runtime.client.messages import PROTOCOL, ChatRequest
from mellum_ls.runtime.service import conversation
from mellum_ls.runtime.service.server import RuntimeServer
from tests.fakes.engine import PIECES, ScriptedEngine
from tests.fakes.service import Peer, serving

Scene = Callable[[Address, ScriptedEngine, RuntimeServer], Awaitable[None]]


def play(tmp_path: Path, scene: Scene, *, free: bool = False, kind: Any = "unix") -> None:
    async def run() -> None:
        engine = ScriptedEngine(free=free)
        async with serving(tmp_path, lambda: engine, kind=kind) as (address, server, _):
            await scene(address, engine, server)
            engine.allow(100)

    asyncio.run(run())


async def answers(peer: Peer, number: int) -> list[dict[str, Any]]:
    """Everything up to and with the one answer of `number`, which is all of one request here."""
    messages = [await peer.receive()]
    while messages[-1]["t"] not in ("end", "error"):
        messages.append(await peer.receive())
    assert {message["id"] for message in messages} == {number}
    return messages


async def taken(peer: Peer) -> None:
    """Wait until the server has taken all that was sent, while the engine has no leave for a step.

    What was sent first has to have begun by then: otherwise it may be ended before the answer that is awaited here.
    """
    await peer.send(t="status", id=99)
    assert (await peer.receive())["t"] == "status"


def test_a_completion_streams_and_ends_once(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        await peer.complete(1)
        *pieces, end = await answers(peer, 1)
        assert [piece["text"] for piece in pieces] == list(PIECES)
        assert (end["text"], end["reason"], end["usage"]["prompt_tokens"]) == ("".join(PIECES), "stop", 7)
        await peer.send(t="cancel", id=1)  # too late: no second answer
        await peer.send(t="status", id=2)
        assert (await peer.receive())["t"] == "status"
        await peer.close()

    play(tmp_path, scene, free=True)


def test_cancel_ends_a_running_completion_within_one_step(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        await peer.complete(1)
        engine.allow()
        assert (await peer.receive())["text"] == PIECES[0]
        await peer.send(t="cancel", id=1)
        await peer.send(t="status", id=2)  # once this is answered, the cancel has been taken
        status = await peer.receive()
        assert (status["t"], status["active"], status["queued"]["inline"]) == ("status", 1, 0)
        engine.allow(len(PIECES))
        messages = await answers(peer, 1)
        assert messages[-1]["reason"] == "cancelled"
        assert engine.steps <= 2
        await peer.close()

    play(tmp_path, scene)


def test_a_newer_completion_of_the_session_supersedes_the_older(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer, other = await Peer.connect(address), await Peer.connect(address)
        await peer.complete(1)
        engine.allow()
        await peer.receive()
        await other.complete(1)  # the same id and session of another client is no rival
        await peer.complete(2)
        await peer.complete(3)
        await peer.complete(4, session="t")
        waiting = await peer.receive()
        assert (waiting["id"], waiting["t"], waiting["reason"]) == (2, "end", "superseded")
        await taken(peer)
        engine.allow(100)
        assert (await answers(peer, 1))[-1]["reason"] == "superseded"
        assert (await answers(peer, 4))[-1]["reason"] == "stop"
        assert (await answers(peer, 3))[-1]["reason"] == "stop"
        assert (await answers(other, 1))[-1]["reason"] == "stop"
        await peer.send(t="status", id=5)
        status = await peer.receive()
        assert (status["completed"], status["superseded"], status["cancelled"], status["failed"]) == (3, 2, 0, 0)
        await asyncio.gather(peer.close(), other.close())

    play(tmp_path, scene)


def test_only_what_is_not_more_urgent_is_superseded(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        await peer.complete(1)
        engine.allow()
        assert (await peer.receive())["id"] == 1
        await peer.complete(2, priority="warm_up")  # waits for the key that was typed before
        await peer.complete(3, priority="next_edit")
        over = await peer.receive()
        assert (over["id"], over["reason"]) == (2, "superseded")
        engine.allow(100)
        assert (await answers(peer, 1))[-1]["reason"] == "stop"
        assert (await answers(peer, 3))[-1]["reason"] == "stop"
        await peer.close()

    play(tmp_path, scene)


def test_a_key_typed_puts_the_slow_work_of_another_client_aside(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        slow, typing = await Peer.connect(address), await Peer.connect(address)
        await slow.complete(1, priority="action")
        engine.allow()
        await slow.receive()
        await typing.complete(1)
        await typing.send(t="status", id=2)
        status = await typing.receive()
        assert (status["active"], status["queued"]["inline"]) == (1, 1)
        engine.allow(1 + len(PIECES))
        assert (await answers(typing, 1))[-1]["reason"] == "stop"
        assert server.status().completed == 1
        engine.allow(len(PIECES))
        assert (await answers(slow, 1))[-1]["text"] == "".join(PIECES)
        assert server.status().preempted == 1
        await asyncio.gather(slow.close(), typing.close())

    play(tmp_path, scene)


def test_an_older_request_that_is_sent_again_gives_way_to_what_came_since(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        await peer.complete(5)
        engine.allow()
        await peer.receive()
        await peer.complete(4)
        over = await peer.receive()
        assert (over["id"], over["t"], over["reason"]) == (4, "end", "superseded")
        await peer.complete(6, session="t", priority="warm_up")
        await peer.complete(3, session="t")  # more urgent than the newer one: both have their turn
        await taken(peer)
        engine.allow(100)
        ends = []
        while len(ends) < 3:
            message = await peer.receive()
            ends += [(message["id"], message["reason"])] if message["t"] == "end" else []
        assert ends == [(3, "stop"), (5, "stop"), (6, "stop")]
        await peer.close()

    play(tmp_path, scene)


def test_a_text_that_is_not_held_is_asked_for(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        text = "z" * 600
        ref = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        wire: dict[str, Any] = {"t": "complete", "session": "s"}
        unknown = {"prefix": "a", "suffix": {"ref": ref}}
        await peer.send(**wire, id=1, prompt=unknown)
        said = await peer.receive()
        assert (said["t"], said["id"], said["code"]) == ("error", 1, "unknown_text")
        for prompt in ({"prefix": "a", "suffix": {"ref": ref, "text": text}}, unknown):
            await peer.send(**wire, id=1, prompt=prompt)
            assert (await answers(peer, 1))[-1]["reason"] == "stop"
        assert [request.suffix for request in engine.requests] == [text, text]
        other = await Peer.connect(address)  # what one client has sent is not another's
        await other.send(**wire, id=1, prompt=unknown)
        assert (await other.receive())["code"] == "unknown_text"
        await asyncio.gather(peer.close(), other.close())

    play(tmp_path, scene, free=True)


def test_a_client_that_goes_takes_its_completions_with_it(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        gone, peer = await Peer.connect(address), await Peer.connect(address)
        await gone.complete(1, "a")
        engine.allow()
        await gone.receive()
        await gone.complete(2, "b")
        await gone.close()
        while server.status().clients > 1:
            await asyncio.sleep(0)
        engine.allow(1 + len(PIECES))
        await peer.complete(1)
        assert (await answers(peer, 1))[-1]["reason"] == "stop"
        assert engine.steps <= 2 + len(PIECES)
        assert [request.session for request in engine.requests] == ["1 a", "2 s"]
        await peer.close()

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 64,
        b"\0\0\0\0",
        b"\0\0\0\x01\xc1",
        b"\0\0\0\x01\x90",
        b"\0\0",
    ],
)
@pytest.mark.parametrize("greet", [False, True], ids=["before hello", "after hello"])
def test_garbage_ends_its_own_connection_only(tmp_path: Path, data: bytes, greet: bool) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        good = await Peer.connect(address)
        bad = await Peer.connect(address, greet=greet)
        await bad.send_bytes(data)
        bad.end()
        said = await bad.receive()
        assert (said["t"], said["id"], said["code"]) == ("error", None, "protocol")
        assert await bad.ends()
        await good.complete(1)
        assert (await answers(good, 1))[-1]["reason"] == "stop"
        await asyncio.gather(good.close(), bad.close())

    play(tmp_path, scene, free=True)


def test_a_bad_message_is_answered_and_the_next_one_works(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        for message, number in [
            ({"t": "complete", "id": 7, "session": "s"}, 7),
            ({"t": "unknown", "id": 8}, 8),
            ({"t": "cancel", "id": "x"}, None),
            ({"t": "cancel", "id": -1}, None),
            ({"t": "hello", "version": "0.1.0", "protocol": PROTOCOL}, None),
            ({"t": "token", "id": 9, "text": ""}, 9),
        ]:
            await peer.send(**message)
            said = await peer.receive()
            assert (said["t"], said["id"], said["code"]) == ("error", number, "bad_request")
        engine.allow()
        await peer.complete(1)
        await peer.receive()
        await peer.complete(1, session="t")  # an id in use: refused without answering the one in flight
        said = await peer.receive()
        assert (said["id"], said["message"]) == (None, "complete: id 1 is in use")
        engine.allow(100)
        assert (await answers(peer, 1))[-1]["reason"] == "stop"
        await peer.close()

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"t": "status", "id": 1}, "say hello first"),
        ({"t": "hello"}, "hello: field 'version' should be text, found nothing"),
        ({"t": "hello", "version": "0.1.0", "protocol": PROTOCOL, "token": "guess"}, "the token is wrong"),
    ],
)
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_no_entry_without_a_good_hello(tmp_path: Path, first: dict[str, object], message: str, kind: str) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address, greet=False)
        await peer.send(**first)
        said = await peer.receive()
        assert (said["code"], said["message"]) == ("protocol", message)
        assert await peer.ends()
        assert server.status().clients == 0
        await peer.close()

    play(tmp_path, scene, kind=kind)


def test_silence_instead_of_hello_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "HELLO_SECONDS", 0.05)

    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address, greet=False)
        assert await peer.ends()
        await peer.close()

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("protocol", "version"), [(PROTOCOL, "0.0.9"), (PROTOCOL + 1, "0.1.0"), (PROTOCOL + 1, "9.0.0")]
)
def test_another_version_may_only_ask_for_the_end(tmp_path: Path, protocol: int, version: str) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        for request in ({"t": "status", "id": 1}, {"t": "nonsense"}):
            peer = await Peer.connect(address, greet=False)
            await peer.send(t="hello", protocol=protocol, version=version)
            said = await peer.receive()
            assert (said["code"], said["version"]) == ("version", "0.1.0")
            await peer.send(**request)
            assert await peer.ends()
            await peer.close()
        peer = await Peer.connect(address, greet=False)
        await peer.send(t="hello", protocol=protocol, version=version)
        await peer.receive()
        await peer.send(t="shutdown", id=3)
        assert await peer.receive() == {"t": "stopping", "id": 3}
        assert await peer.ends()
        await peer.close()

    play(tmp_path, scene)


def test_a_client_that_does_not_read_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_UNSENT_BYTES", 1000)

    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        question = msgpack.packb({"t": "status", "id": 1})

        async def ask_for_ever() -> None:
            while True:
                await peer.send_bytes(len(question).to_bytes(4, "big") + question)
                await asyncio.sleep(0)

        with pytest.raises(ConnectionError):
            await ask_for_ever()
        await peer.close()
        good = await Peer.connect(address)
        await good.complete(1)
        assert (await answers(good, 1))[-1]["reason"] == "stop"
        await good.close()

    play(tmp_path, scene, free=True)


def test_a_conversation_is_served_like_a_completion(tmp_path: Path) -> None:
    async def scene(address: Address, engine: ScriptedEngine, server: RuntimeServer) -> None:
        peer = await Peer.connect(address)
        said = [["user", "why?"]]
        await peer.send(t="chat", id=1, session="talk", messages=said, max_tokens=5)
        await engine.one_has_begun()
        # What somebody types goes first, and a newer question of the same talk ends the older one.
        await peer.complete(2)
        await peer.send(t="chat", id=3, session="talk", messages=said, max_tokens=5)
        await taken(peer)
        engine.allow(100)
        ended = {}
        while len(ended) < 3:
            message = await peer.receive()
            if message["t"] == "end":
                ended[message["id"]] = message["reason"]
        assert ended == {1: "superseded", 2: "stop", 3: "stop"}
        assert list(ended) != [1, 3, 2]
        first = next(request for request in engine.requests if isinstance(request, ChatRequest))
        assert (first.messages, first.max_tokens, first.priority) == ((("user", "why?"),), 5, "action")
        await peer.send(t="chat", id=4, session="talk", messages=[])
        refused = await peer.receive()
        assert (refused["t"], refused["code"], refused["id"]) == ("error", "bad_request", 4)
        await peer.close()

    play(tmp_path, scene)

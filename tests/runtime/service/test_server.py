from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from mellum_ls.runtime.client.address import Address
from mellum_ls.runtime.client.connection import Connection
from mellum_ls.runtime.client.messages import CompletionRequest
from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.service.worker import ServedEngine
from tests.fakes.engine import PIECES, ScriptedEngine
from tests.fakes.service import VERSION, Peer, serving
from tests.fakes.timers import HandTimers


async def last(peer: Peer) -> dict[str, object]:
    while (message := await peer.receive())["t"] == "token":
        pass
    return message


def gone(address: Address) -> bool:
    return not address.socket_path.exists()


def test_status_is_answered_while_the_model_loads(tmp_path: Path) -> None:
    async def run() -> None:
        load_now = threading.Event()

        def load() -> ServedEngine:
            assert load_now.wait(10)
            return ScriptedEngine(free=True)

        async with serving(tmp_path, load) as (address, _, _):
            peer = await Peer.connect(address)
            await peer.complete(1)
            await peer.send(t="status", id=2)
            status = await peer.receive()
            assert (status["state"], status["queued"]["inline"], status["active"]) == ("loading", 1, 0)
            assert (status["engine"], status["model"], status["clients"]) == ({}, str(tmp_path), 1)
            load_now.set()
            assert (await last(peer))["reason"] == "stop"
            await peer.send(t="status", id=3)
            status = await peer.receive()
            assert (status["state"], status["engine"]) == ("ready", {"steps": len(PIECES)})
            await peer.close()

    asyncio.run(run())


def test_ends_when_idle_but_not_while_a_client_is_there(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, ScriptedEngine, idle_seconds=0.1) as (address, server, running):
            peer = await Peer.connect(address)
            finished, _ = await asyncio.wait([running], timeout=0.3)
            assert not finished
            assert server.status().clients == 1
            await peer.close()
            assert await asyncio.wait_for(running, 10)
            assert gone(address)

    asyncio.run(run())


def test_ends_when_idle_from_the_start_and_strangers_do_not_keep_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, ScriptedEngine, idle_seconds=0.1) as (address, _, running):
            stranger = await Peer.connect(address, greet=False)
            assert await asyncio.wait_for(running, 10)
            await stranger.close()

    asyncio.run(run())


def test_an_idle_cache_goes_while_clients_stay_and_their_texts_are_sent_anew(tmp_path: Path) -> None:
    async def run() -> None:
        timers, dropped = HandTimers(), threading.Semaphore(0)

        class Engine(ScriptedEngine):
            def drop_cache(self) -> None:
                super().drop_cache()
                dropped.release()

        engine = Engine(free=True)
        request = CompletionRequest("s", "a", suffix="z" * 600)
        async with serving(
            tmp_path, lambda: engine, cache_idle_seconds=5.0, idle_seconds=50.0, call_later=timers.call_later
        ) as (address, server, running):
            connection = await Connection.open(address, VERSION)
            assert connection is not None
            for num_drops in range(3):
                async for _ in connection.complete(request):
                    pass
                timers.advance(4.9)
                assert (await connection.status()).cache_idle_seconds == 5.0
                assert engine.drops == num_drops
                timers.advance(0.1)
                assert await asyncio.to_thread(dropped.acquire, timeout=10)
            status = await connection.status()
            # Each text that the client took for known was refused once and sent again, and no request was lost.
            assert (status.completed, status.failed, len(engine.requests)) == (3, 0, 3)
            assert {got.suffix for got in engine.requests} == {request.suffix}
            await connection.close()
            while server.status().clients:
                await asyncio.sleep(0)
            timers.advance(50.0)
            assert await asyncio.wait_for(running, 10)

    asyncio.run(run())


def test_status_counts_how_completions_ended_and_what_waits(tmp_path: Path) -> None:
    async def run() -> None:
        engine = ScriptedEngine()
        async with serving(tmp_path, lambda: engine, drain_seconds=10) as (address, server, _):
            peer = await Peer.connect(address)
            await peer.complete(1, "a")
            engine.allow()
            await peer.receive()
            await peer.complete(2, "b", priority="action")
            await peer.complete(3, "c", priority="warm_up")
            await peer.complete(4, "d", prefix="raise")
            await peer.send(t="status", id=5)
            status = await peer.receive()
            assert status["queued"] == {"inline": 1, "next_edit": 0, "action": 1, "ahead": 0, "warm_up": 1}
            assert (status["active"], status["rss_mb"] > 5) == (1, True)
            await peer.send(t="cancel", id=3)
            await last(peer)
            engine.allow(100)
            for _ in range(3):
                await last(peer)
            await peer.complete(6, "e")
            await peer.close()
            while server.status().clients or server.status().active:
                await asyncio.sleep(0)
            status = server.status()
            ends = (status.completed, status.cancelled, status.superseded, status.failed)
            assert sum(ends) == 5
            assert ends[2:] == (0, 1)
            assert status.completed >= 2
            assert sum(status.queued.values()) == 0

    asyncio.run(run())


def test_clients_that_come_and_go_leave_no_task_and_no_completion(tmp_path: Path) -> None:
    async def run() -> None:
        engine = ScriptedEngine()
        async with serving(tmp_path, lambda: engine) as (address, server, _):
            tasks = len(asyncio.all_tasks())
            for number in range(50):
                peers = [await Peer.connect(address) for _ in range(3)]
                for peer in peers:
                    await peer.complete(1, "a")
                    await peer.complete(2, "b", priority="warm_up")
                engine.allow(1 + number % 4)
                if number % 2:
                    await peers[0].send(t="cancel", id=1)
                await asyncio.gather(*(peer.close() for peer in peers))
            engine.free = True
            engine.allow(1000)
            while server.status().clients or server.status().active:
                await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == tasks
            assert not server._open
            status = server.status()
            assert sum(status.queued.values()) == 0
            assert status.completed + status.cancelled == 300
            assert server._worker.num_runs == 0

    asyncio.run(run())


def test_a_failed_load_is_told_for_a_while_and_then_ends_the_process(tmp_path: Path) -> None:
    def load() -> ServedEngine:
        raise CheckpointError("model.safetensors is cut short")

    async def run() -> None:
        async with serving(tmp_path, load, failed_seconds=0.2) as (address, server, running):
            peer = await Peer.connect(address)
            for number in (1, 2):
                await peer.complete(number)
                failure = await peer.receive()
                assert (failure["id"], failure["code"]) == (number, "load")
                assert "model.safetensors is cut short" in failure["message"]
            await peer.send(t="status", id=3)
            status = await peer.receive()
            assert (status["state"], status["error"]) == ("failed", "model.safetensors is cut short")
            await asyncio.wait_for(running, 10)
            assert server.failed
            await peer.close()

    asyncio.run(run())


def test_a_drain_lets_the_running_completion_finish(tmp_path: Path) -> None:
    async def run() -> None:
        engine = ScriptedEngine()
        async with serving(tmp_path, lambda: engine, drain_seconds=10) as (address, _, running):
            peer = await Peer.connect(address)
            await peer.complete(1, "a")
            engine.allow()
            await peer.receive()
            await peer.complete(2, "b")
            await peer.send(t="shutdown", id=3)
            assert await peer.receive() == {"t": "stopping", "id": 3}
            waiting = await peer.receive()
            assert (waiting["id"], waiting["code"]) == (2, "stopping")
            assert gone(address)
            await peer.complete(4, "c")
            late = await peer.receive()
            assert (late["id"], late["code"]) == (4, "stopping")
            engine.allow(len(PIECES))
            end = await last(peer)
            assert (end["id"], end["reason"], end["text"]) == (1, "stop", "".join(PIECES))
            assert await peer.ends()
            assert await running
            await peer.close()

    asyncio.run(run())


@pytest.mark.parametrize("stuck", [False, True])
def test_a_drain_does_not_wait_for_ever(tmp_path: Path, stuck: bool) -> None:
    async def run() -> None:
        engine = ScriptedEngine()
        async with serving(tmp_path, lambda: engine, drain_seconds=0.4) as (address, server, running):
            peer = await Peer.connect(address)
            await peer.complete(1)
            engine.allow()
            await peer.receive()
            server.request_stop()
            if not stuck:
                asyncio.get_running_loop().call_later(0.5, engine.allow, 1)
            answer = await last(peer)
            assert (answer.get("reason"), answer.get("code")) == ((None, "stopping") if stuck else ("cancelled", None))
            assert await running is not stuck
            engine.allow(len(PIECES))
            await peer.close()

    asyncio.run(run())

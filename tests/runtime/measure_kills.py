"""The model process is killed at random moments while two editor windows type: is every request answered?

Run it in the repository's root with `python -m tests.runtime.measure_kills [KILLS]`; short versions of it are tests in
tests/e2e.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import model_directory, read_environment
from tests.fakes.lsp_client import LspClient, inline_params, isolated_environment, server_process
from tests.fakes.process_figures import processes_naming, wait_for_end

Ask = Callable[[], Awaitable[bool]]
"""Asks for a suggestion; whether there was one. A request that is never answered never returns."""

TEXT = "def add(left: int, right: int) -> int:\n    return left + "
# Typed behind it again and again. Letters put into one word would be met with silence, whatever the process does.
TYPED = "right\n\n\ndef times(left: int, right: int) -> int:\n    return left * "
ANSWER_SECONDS = 60.0


@dataclass
class Storm:
    """What happened: requests by typist, and the seconds from each kill to the next suggestion."""

    asked: list[int]
    answered: list[int]
    suggested: int = 0
    pids: list[int] = field(default_factory=list)
    recovery_seconds: list[float] = field(default_factory=list)


async def storm(asks: Sequence[Ask], victims: Callable[[], set[int]], num_kills: int, longest_pause: float) -> Storm:
    """Let all of `asks` type until one of `victims` has been killed `num_kills` times and each has recovered.

    A kill comes up to `longest_pause` seconds after the process was there again. Raises TimeoutError when a request
    is not answered, or nothing is suggested any more, for a minute.
    """
    moments = random.Random(0)
    result = Storm([0] * len(asks), [0] * len(asks))
    stop, recovered = asyncio.Event(), asyncio.Event()

    async def type_on(number: int) -> None:
        while not stop.is_set():
            result.asked[number] += 1
            num_kills_before = len(result.pids)
            async with asyncio.timeout(ANSWER_SECONDS):
                suggested = await asks[number]()
            result.answered[number] += 1
            if suggested:
                result.suggested += 1
                if num_kills_before == len(result.pids):
                    recovered.set()
            await asyncio.sleep(0.005)  # the pace of the typing

    async def kill() -> None:
        clock = asyncio.get_running_loop().time
        try:
            for _ in range(num_kills):
                await asyncio.sleep(moments.uniform(0, longest_pause))
                pid = await _one_of(victims)
                killed_at = clock()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                await asyncio.to_thread(wait_for_end, pid)
                # From here on a suggestion counts if it was asked for after the end of the killed process.
                result.pids.append(pid)
                recovered.clear()
                if moments.random() < 0.5:  # the others are killed while they start
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await recovered.wait()
                    result.recovery_seconds.append(clock() - killed_at)
            async with asyncio.timeout(ANSWER_SECONDS):
                await recovered.wait()
        finally:
            stop.set()

    await asyncio.gather(kill(), *map(type_on, range(len(asks))))
    return result


async def _one_of(victims: Callable[[], set[int]]) -> int:
    async with asyncio.timeout(ANSWER_SECONDS):
        while not (found := victims()):
            await asyncio.sleep(0.01)
    return min(found)


@contextlib.asynccontextmanager
async def windows(folder: Path, model: Path, number: int) -> AsyncIterator[list[Ask]]:
    """That many language servers that share the model process of `model` under `folder`."""
    environment = isolated_environment(folder, MELLUM_MODEL=str(model), MELLUM_THREADS="1")
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(server_process(env=environment)) for _ in range(number)]
        for client in clients:
            await client.initialize({"maxTokens": 12}, rootUri="file:///project")
        yield [_typing(client, f"file:///project/{index}.py") for index, client in enumerate(clients)]
        for client in clients:
            assert await client.shut_down() == 0


def _typing(client: LspClient, uri: str) -> Ask:
    """Requests at the end of a document that grows by a letter of code for each."""
    client.open(uri, TEXT)
    typed, line, column = 0, TEXT.count("\n"), len(TEXT.rpartition("\n")[2])

    async def ask() -> bool:
        nonlocal typed, line, column
        letter = TYPED[typed % len(TYPED)]
        typed += 1
        client.change(uri, typed + 1, line, column, letter)
        line, column = (line + 1, 0) if letter == "\n" else (line, column + 1)
        answer = await client.request("textDocument/inlineCompletion", inline_params(uri, line, column))
        return bool(answer["result"]["items"])

    return ask


def killed_windows(folder: Path, model: Path, num_kills: int, longest_pause: float) -> Storm:
    """A storm over two windows. At its end one model process is left, and none after it was asked to end."""
    options = RuntimeOptions.of(read_environment(isolated_environment(folder)), str(model))

    def victims() -> set[int]:
        return processes_naming(str(options.address().socket_path))

    async def run() -> Storm:
        async with windows(folder, model, 2) as asks:
            return await storm(asks, victims, num_kills, longest_pause)

    try:
        result = asyncio.run(run())
        # A suggestion may come from what was written before a kill: the last process may still be about to serve.
        launch.start(options)
        serving = int(options.address().lock_path.read_text())
        for pid in victims() - {serving}:
            wait_for_end(pid)  # started beside it, and about to find out
        assert victims() == {serving}
    finally:
        launch.stop(options)
    check_gone(options)
    return result


def check_gone(options: RuntimeOptions) -> None:
    """Nothing is left of the model process but the files of its locks."""
    address = options.address()
    for pid in processes_naming(str(address.socket_path)):
        wait_for_end(pid)  # asked to end, it may still be taking itself down
    assert {path.name for path in address.directory.iterdir()} <= {address.lock_path.name, address.start_lock_path.name}


def main(num_kills: int) -> None:
    """Print what happened to the embedded model's process."""
    with tempfile.TemporaryDirectory() as name:
        result = killed_windows(Path(name), model_directory(None), num_kills, longest_pause=3.0)
    times = result.recovery_seconds
    sys.stdout.write(
        f"{len(result.pids)} kills of {len(set(result.pids))} processes: {sum(result.asked)} requests, "
        f"{sum(result.answered)} answered, {result.suggested} of them with a suggestion; from kill to suggestion "
        f"{statistics.median(times):.1f} s ({min(times):.1f}-{max(times):.1f}, n={len(times)}); "
        "no process or socket left\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)

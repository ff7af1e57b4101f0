"""Runs the language server in this process: log, connection, server, exit code. What `mellum-ls serve` does.

Imports the runtime's client only when a backend is needed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import dataclass

from mellum_ls.lsp_server.answers.asking import BackendFactory
from mellum_ls.lsp_server.model.backend import Backend
from mellum_ls.lsp_server.reports import logs
from mellum_ls.lsp_server.server import MellumServer
from mellum_ls.lsp_server.wire import transport
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import MellumError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the editor; with nothing set over stdin and stdout."""

    pipe: str | None = None
    socket: int | None = None
    port: int | None = None

    async def open(self) -> tuple[asyncio.StreamReader, transport.Writer]:
        """Connect. Raises OSError when the editor is not there."""
        if self.pipe is not None:
            return await transport.connect_pipe(self.pipe)
        if self.socket is not None:
            return await transport.connect_socket(self.socket)
        if self.port is not None:
            return await transport.accept_socket(self.port)
        return transport.stdio()


def resident_backend(model: str, format: str | None = None) -> Backend:
    """The resident model process; the empty name is the user's default model, None what the environment says."""
    from mellum_ls.lsp_server.model.runtime_backend import RuntimeBackend
    from mellum_ls.runtime.client.launch import RuntimeOptions

    return RuntimeBackend(RuntimeOptions.of(read_environment(), model or None, format))


def run(
    connection: Connection,
    model: str = "",
    parent: int | None = None,
    make_backend: BackendFactory = resident_backend,
) -> int:
    """Serve one editor until it is done; the process's exit code, 2 when there is nobody to serve."""
    try:
        logs.configure(read_environment().log_level)
    except MellumError as error:
        logs.configure("INFO")
        _log.warning("%s", error)

    async def serve() -> int:
        try:
            reader, writer = await connection.open()
        except OSError as error:
            _log.error("cannot reach the editor: %s", error.strerror or error)
            return 2
        index_dir = read_environment().cache_dir / "index"
        return await MellumServer(make_backend, model, index_dir).serve(reader, writer, parent)

    # What has been imported stays for good: no need to look through it at every collection.
    gc.freeze()
    return asyncio.run(serve())

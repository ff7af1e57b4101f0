"""The composition root: one session, one protocol, the features, and the run from first byte to exit code.

Everything that is decided is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.answers.asking import BackendFactory
from mellum_ls.lsp_server.features import (
    code_action,
    configuration,
    cursor_moves,
    execute_command,
    file_operations,
    indexing_progress,
    initialize,
    inline_completion,
    inline_edit,
    loading_progress,
    next_edit,
    notebook_sync,
    shown,
    status,
    status_notifications,
    text_document_content,
    text_sync,
    trace,
    watched_files,
    workspace_folders,
)
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import ClientRefused
from mellum_ls.lsp_server.wire.json_fields import Json
from mellum_ls.lsp_server.wire.lifecycle import Lifecycle, on_signals, parent_gone
from mellum_ls.lsp_server.wire.protocol import MellumProtocol, plain_converter
from mellum_ls.lsp_server.wire.transport import Writer, read_messages

if TYPE_CHECKING:
    from pygls.exceptions import PyglsError

_log = logging.getLogger(__name__)
NAME = "mellum-ls"
# Asking the installed package would cost 65 ms before initialize is answered; a test holds the two equal.
VERSION = "0.1.0"
# The protocol's MessageType by the levels of logging.
_MESSAGE_TYPES = {logging.ERROR: 1, logging.WARNING: 2, logging.INFO: 3, logging.DEBUG: 4}
_FEATURES = (
    configuration,
    cursor_moves,
    file_operations,
    indexing_progress,
    inline_completion,
    inline_edit,
    loading_progress,
    next_edit,
    notebook_sync,
    shown,
    status,
    status_notifications,
    text_document_content,
    text_sync,
    trace,
    watched_files,
    workspace_folders,
)


class MellumServer(LanguageServer):
    """The language server of one editor window."""

    protocol: MellumProtocol

    def __init__(self, make_backend: BackendFactory, model: str = "", index_dir: Path | None = None) -> None:
        super().__init__(NAME, VERSION, protocol_cls=MellumProtocol, converter_factory=plain_converter)
        self.session = Session(make_backend, model, index_dir=index_dir)
        self.session.health.tell = self.log_to_client
        self.lifecycle = Lifecycle()
        self.protocol.on_exit = lambda: self._end("exit")
        self.protocol.on_lost = lambda: self._end("the client no longer reads")
        self._watching: set[asyncio.Task[None]] = set()
        initialize.register(self, self.session, NAME, VERSION)
        delivery = Delivery(self, self.session)
        code_action.register(self, self.session, delivery)
        execute_command.register(self, self.session, delivery)
        for feature in _FEATURES:
            feature.register(self, self.session)

    def handle(self, method: str, read: Callable[[Json], Any], handler: Callable[[Any], Any]) -> None:
        """Register a feature; see Host."""
        self.protocol.readers[method] = read
        self.feature(method)(handler)

    def notify(self, method: str, params: object) -> None:
        """Send a notification to the client."""
        self.protocol.notify(method, params)

    async def ask(self, method: str, params: object) -> Any:
        """Send a request to the client and wait for its answer. Raises ClientRefused."""
        try:
            return await self.protocol.ask(method, params)
        except JsonRpcException as error:
            raise ClientRefused(method) from error

    def log_to_client(self, message: str, level: int = logging.WARNING) -> None:
        """A line for the user's log window, and for the server's own log."""
        _log.log(level, "%s", message)
        self.notify("window/logMessage", {"type": _MESSAGE_TYPES[level], "message": f"{NAME}: {message}"})

    def trace(self, value: str) -> None:
        """See Host."""
        self.protocol.tracer.value = value

    def report_server_error(self, error: Exception, source: type[PyglsError] | type[JsonRpcException]) -> None:
        """A fault in a handler is a line in the log; nobody is interrupted by a window."""
        _log.error("a handler failed: %s", type(error).__name__)

    def watch_parent(self, pid: int) -> None:
        """End when the process `pid`, the editor, is gone."""

        async def watch() -> None:
            await parent_gone(pid)
            self._end("the parent process is gone")

        task = asyncio.ensure_future(watch())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def serve(self, reader: asyncio.StreamReader, writer: Writer, parent: int | None = None) -> int:
        """Serve one client; the exit code of the process. `parent` is the editor's process id, if known."""
        self.protocol.set_writer(writer)  # type: ignore[arg-type]
        on_signals(lambda name: self.lifecycle.end(0, name))
        if parent is not None:
            self.watch_parent(parent)
        reading = asyncio.ensure_future(read_messages(reader, self.protocol.receive))
        reading.add_done_callback(lambda _: self._end("the input ended"))
        code = await self.lifecycle.ended()
        _log.info("ending with code %d: %s", code, self.lifecycle.reason)
        for task in (reading, *self._watching):
            task.cancel()
        await self.session.close()
        writer.close()
        return code

    def _end(self, reason: str) -> None:
        self.lifecycle.end(0 if self.protocol.shutdown_received else 1, reason)

"""JSON-RPC as the specification has it, over pygls: which message is answered with what, and when it is ignored.

Cures faults of pygls 2.1 by overriding names that it keeps private, hence the upper bound on its version; each cure
has a test. Messages are plain JSON both ways. Knows the life of a connection but no document and no model.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

from mellum_ls.lsp_server.wire.json_fields import Json, ParamsError
from mellum_ls.lsp_server.wire.tracing import Tracer

_log = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800

RequestId = int | str
ParamsReader = Callable[[Json], Any]


def plain_converter() -> cattrs.Converter:
    """The converter that pygls insists on. Nothing uses it: lsprotocol's would cost 40 ms of the start."""
    return cattrs.Converter()


class MellumProtocol(LanguageServerProtocol):
    """One connection. `receive` takes each message body; everything else happens through the registered features."""

    # What pygls does for these is not wanted: a second copy of every document, split at line ends that the protocol
    # does not know, and handlers that expect lsprotocol's types.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]
    lsp_workspace__did_change_workspace_folders = None  # type: ignore[assignment]
    lsp_workspace__execute_command = None  # type: ignore[assignment]
    lsp_work_done_progress_cancel = None  # type: ignore[assignment]
    lsp_set_trace = None  # type: ignore[assignment]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.initialized = False
        self.readers: dict[str, ParamsReader] = {}
        """How the params of a method become its handler's argument; without one they are left as they are."""
        self.on_exit: Callable[[], None] = _nothing
        """Called at the client's `exit`."""
        self.on_lost: Callable[[], None] = _nothing
        """Called when the client no longer takes what is sent to it."""
        self.tracer = Tracer(lambda params: self.notify("$/logTrace", params))
        self._asked: dict[RequestId, asyncio.Future[Any]] = {}
        self._ask_count = 0

    @property
    def shutdown_received(self) -> bool:
        """Whether the client asked for shutdown: what the exit code tells."""
        return bool(self._shutdown)

    @property
    def num_running(self) -> int:
        """How many handlers of requests and notifications are not done yet."""
        return len(self._request_futures)

    def receive(self, body: bytes) -> None:
        """Handle one message. Whatever it holds, this returns; every request with a usable id gets one answer."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "the message is not JSON")
            return
        if isinstance(message, dict):
            self.tracer.received(message, len(body))
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self._refuse(_usable_id(message), INVALID_REQUEST, "the message is not a JSON-RPC 2.0 object")
        elif "method" not in message:
            self._receive_response(message)
        elif not isinstance(message["method"], str):
            self._refuse(_usable_id(message), INVALID_REQUEST, "the method is not a string")
        elif "id" not in message:
            self._receive_notification(message["method"], message.get("params"))
        elif _usable_id(message) is None:
            self._refuse(None, INVALID_REQUEST, "the id is neither a string nor a whole number")
        else:
            self._receive_request(message["id"], message["method"], message.get("params"))

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification; `params` is plain JSON."""
        self._send_data({"jsonrpc": self.VERSION, "method": method, "params": params})

    def ask(self, method: str, params: object) -> asyncio.Future[Any]:
        """Send a request to the client; its result, or JsonRpcException when the client refuses."""
        self._ask_count += 1
        request_id = f"{self._server.name}-{self._ask_count}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        self._send_data({"jsonrpc": self.VERSION, "id": request_id, "method": method, "params": params})
        return answer

    def _receive_request(self, request_id: RequestId, method: str, params: object) -> None:
        if self._shutdown:
            self._refuse(request_id, INVALID_REQUEST, "the server has been shut down")
        elif not self.initialized and method != types.INITIALIZE:
            self._refuse(request_id, NOT_INITIALIZED, "the server has not been initialized")
        elif self.initialized and method == types.INITIALIZE:
            self._refuse(request_id, INVALID_REQUEST, "the server has been initialized already")
        elif request_id in self._request_futures:
            self._refuse(request_id, INVALID_REQUEST, "a request of this id is still being answered")
        elif not self._handles(method):
            self._refuse(request_id, METHOD_NOT_FOUND, f"there is no method {method}")
        else:
            try:
                argument = self._read(method, params)
            except ParamsError as error:
                self._refuse(request_id, INVALID_PARAMS, f"{method}: {error}")
                return
            contextvars.copy_context().run(self._handle_request, request_id, method, argument)

    def _receive_notification(self, method: str, params: object) -> None:
        if method != types.EXIT and (self._shutdown or not self.initialized):
            return
        if method == types.CANCEL_REQUEST:
            self._cancel(params)
            return
        if not self._handles(method):
            if not method.startswith("$/"):
                _log.debug("ignored the unknown notification %s", method)
            return
        try:
            argument = self._read(method, params)
        except ParamsError as error:
            _log.warning("ignored %s: %s", method, error)
            return
        contextvars.copy_context().run(self._handle_notification, method, argument)

    def _receive_response(self, message: Json) -> None:
        request_id = _usable_id(message)
        answer = None if request_id is None else self._asked.pop(request_id, None)
        if answer is None or answer.done():
            return
        if message.get("error") is None:
            answer.set_result(message.get("result"))
        else:
            answer.set_exception(JsonRpcException("the client refused the request"))

    def _handles(self, method: str) -> bool:
        return method in self.fm.features or method in self.fm.builtin_features

    def _read(self, method: str, params: object) -> Any:
        # An empty object is an empty list to some: Lua has one table for both.
        if params is None or params == []:
            params = {}
        if not isinstance(params, dict):
            raise ParamsError(f"params should be an object, found {type(params).__name__}")
        reader = self.readers.get(method)
        return params if reader is None else reader(params)

    def _cancel(self, params: object) -> None:
        # A cancellation that crosses its answer on the way is normal, no matter for a warning.
        future = self._request_futures.get(_usable_id(params))  # type: ignore[arg-type]
        if future is not None:
            future.cancel()

    def _refuse(self, request_id: RequestId | None, code: int, reason: str) -> None:
        error = {"code": code, "message": reason}
        self._send_data({"jsonrpc": self.VERSION, "id": request_id, "error": error})

    def _send_handler_result(self, future: Future[Any], *, msg_id: RequestId) -> None:
        """Answer the request `msg_id`; pygls calls this once, when its handler is done, has failed or was cancelled."""
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            self._refuse(msg_id, REQUEST_CANCELLED, "cancelled")
            return
        fault = future.exception()
        if fault is None:
            self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "result": future.result()})
            return
        # The type alone: messages of exceptions can quote the user's text.
        _log.error("a request failed: %s", type(fault).__name__)
        self._refuse(msg_id, INTERNAL_ERROR, f"internal error: {type(fault).__name__}")

    def _check_handler_result(self, future: Future[Any]) -> None:
        """Note how a notification went; nobody waits for an answer."""
        # pygls keeps what runs for a notification among the requests, under an id of its own, and never lets it go.
        self._request_futures = {key: kept for key, kept in self._request_futures.items() if kept is not future}
        if not future.cancelled() and (fault := future.exception()) is not None:
            _log.error("a notification failed: %s", type(fault).__name__)

    def _send_data(self, data: Any) -> None:
        """Send one message. Never logs what is in it; a client that is gone ends the connection, not the process."""
        if self.writer is None:
            return
        body = json.dumps(data, separators=(",", ":")).encode()
        self.tracer.sent(data, len(body))
        try:
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        except OSError:
            self.on_lost()

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: Any) -> Any:
        """The registered initialize feature gives the whole result: what is advertised stands in one place."""
        result = self.fm.features[types.INITIALIZE](params)
        self.initialized = True
        return result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """The end; the owner of the process decides how to leave it."""
        self.on_exit()


def _usable_id(message: object) -> RequestId | None:
    value = message.get("id") if isinstance(message, dict) else None
    return value if isinstance(value, str) or type(value) is int else None


def _nothing() -> None:
    return None

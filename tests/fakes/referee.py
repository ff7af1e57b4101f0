"""Watches one conversation from the client's side and collects what the server does wrong in it.

Every request is answered exactly once, results keep the rules of item_rules.py and edit_rules.py, nothing comes that
nobody asked for, no window is opened, no traceback is written. Knows JSON-RPC and documents; neither pipes nor
processes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.edit_rules import AskedEdit, edit_faults
from tests.fakes.item_rules import Asked, result_faults
from tests.fakes.mirror import Mirror

INLINE = "textDocument/inlineCompletion"
NEXT_EDIT, NEXT_EDIT_IN_FULL = "textDocument/copilotInlineEdit", "mellum/nextEdit"
EDITS = (NEXT_EDIT, NEXT_EDIT_IN_FULL)
CANCELLED, INTERNAL_ERROR, INVALID_REQUEST = -32800, -32603, -32600
# What an inline request may be refused with: bad params, a reused id, before initialize, after shutdown, cancelled.
INLINE_ERRORS = {-32602, INVALID_REQUEST, -32002, CANCELLED}
SERVER_REQUESTS = {
    "workspace/configuration",
    "window/workDoneProgress/create",
    "client/registerCapability",
    "workspace/applyEdit",
    "window/showDocument",
    "workspace/textDocumentContent/refresh",
}
SERVER_NOTIFICATIONS = {"window/logMessage", "$/progress", "$/logTrace", "didChangeStatus"}
WINDOWS = {"window/showMessage", "window/showMessageRequest"}
Key = tuple[str, object]
NULL_ID: Key = ("null", None)


def key_of(message: Any) -> Key:
    """The id of a message, with its type: 1 and "1" and true are three different ids. NULL_ID for what is no id."""
    value = message.get("id") if isinstance(message, dict) else None
    return (type(value).__name__, value) if isinstance(value, str) or type(value) is int else NULL_ID


def answered_id(body: bytes) -> Key | None:
    """The id with which JSON-RPC has this body answered; None for one that gets no answer."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return NULL_ID
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return key_of(message)
    if "method" not in message:
        return None
    return key_of(message) if "id" in message or not isinstance(message["method"], str) else None


@dataclass(eq=False)
class _Request:
    method: str | None = None
    """None where a body is answered that is no request at all, or never a right one."""
    asked: Asked | None = None
    edit: AskedEdit | None = None
    token: object = None


@dataclass
class Referee:
    """One conversation. Show it every body that goes either way, in order, and at the end how the process ended."""

    known_requests: set[str] = field(default_factory=lambda: set(SERVER_REQUESTS))
    known_notifications: set[str] = field(default_factory=lambda: set(SERVER_NOTIFICATIONS))

    def __post_init__(self) -> None:
        self.faults: list[str] = []
        self.expected: Counter[Key] = Counter()
        """How many answers each id is due."""
        self.answers: Counter[Key] = Counter()
        self.items = 0
        """How many items have been checked."""
        self.edits = 0
        """How many next edits have been checked."""
        self._mirror = Mirror()
        self._open: dict[Key, list[_Request]] = {}
        self._cancelled: set[Key] = set()
        self._asked_us: dict[Key, str] = {}
        self._works: dict[object, str] = {}
        """Tokens of work-done progress that the server has announced, and the kind of the last that came."""
        self._initialized = self._shut_down = False
        self.ended_in_order = False
        """Whether the client has said shutdown and then exit."""

    @property
    def unanswered(self) -> list[Key]:
        """Ids that are still due an answer."""
        return [key for key, count in (self.expected - self.answers).items() if count > 0]

    @property
    def documents(self) -> tuple[str, ...]:
        """The URIs of the documents that the client has open."""
        return self._mirror.uris

    def sent(self, body: bytes) -> None:
        """The client sends a body, right or wrong."""
        key = answered_id(body)
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            message = None
        if key is not None:
            self.expected[key] += 1
            self._open.setdefault(key, []).append(_Request())
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return
        method, params = message.get("method"), message.get("params")
        if method is None:
            self._asked_us.pop(key_of(message), None)
        elif key is None:
            self._notified(method, params)
        elif key != NULL_ID and isinstance(method, str):
            self._requested(self._open[key][-1], method, params)
            if len(self._open[key]) == 1:
                self._cancelled.discard(key)

    def received(self, message: Any) -> None:
        """The server says something."""
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self.faults.append("something came that is no JSON-RPC message")
        elif "method" not in message:
            self._answered(message)
        elif "id" in message:
            self._server_asks(message)
        else:
            self._server_notifies(message)

    def ended(self, code: int | None, log: str) -> None:
        """The process is gone with `code` and has written `log`, and all it said has been shown."""
        if "Traceback" in log:
            self.faults.append(f"a traceback was written: {log[log.index('Traceback') :][:2000]}")
        if not self.ended_in_order:
            return
        if code != 0:
            self.faults.append(f"the exit code after shutdown and exit is {code}")
        self.faults += [f"request {key[1]!r} was never answered" for key in self.unanswered]
        self.faults += [f"the server's {method} was never answered by the client" for method in self._asked_us.values()]

    def _notified(self, method: object, params: Any) -> None:
        if method == "$/cancelRequest":
            self._cancelled.add(key_of(params))
        elif method == "exit":
            self.ended_in_order = self._shut_down
        elif isinstance(method, str) and self._initialized and not self._shut_down:
            self._mirror.follow(method, params)

    def _requested(self, request: _Request, method: str, params: Any) -> None:
        if method == "initialize":
            if self._initialized:
                return  # refused at once, like what is no request
            self._initialized = True
        elif method == "shutdown" and self._initialized:
            self._shut_down = True
        elif method == INLINE:
            request.asked = self._asked(params)
            request.token = params.get("partialResultToken") if isinstance(params, dict) else None
        elif method in EDITS:
            request.edit = self._asked_edit(method, params)
        request.method = method

    def _asked(self, params: Any) -> Asked | None:
        try:
            text = self._mirror.text(params["textDocument"]["uri"])
            selected = (params.get("context") or {}).get("selectedCompletionInfo")
            return None if text is None else Asked(text, params["position"], selected or None)
        except (KeyError, TypeError, AttributeError):
            return None

    def _asked_edit(self, method: str, params: Any) -> AskedEdit | None:
        try:
            uri, version = params["textDocument"]["uri"], params["textDocument"].get("version")
            text = self._mirror.text(uri)
            in_full = method == NEXT_EDIT_IN_FULL
            others = in_full and params.get("otherDocuments") is True
            return None if text is None else AskedEdit(uri, version, text, others, in_full)
        except (KeyError, TypeError, AttributeError):
            return None

    def _answered(self, message: Any) -> None:
        key = key_of(message)
        self.answers[key] += 1
        if self.answers[key] > self.expected[key]:
            self.faults.append(f"request {key[1]!r} was answered more often than it was asked")
        if ("result" in message) == ("error" in message):
            self.faults.append(f"the answer to {key[1]!r} has not exactly one of result and error")
        waiting = self._open.get(key, [])
        error = message.get("error")
        request = _due(waiting, error)
        if request is None:
            return
        waiting.remove(request)
        if not waiting:
            del self._open[key]
        if error is not None:
            self._refused(key, error, request)
        elif request.method is None:
            self.faults.append(f"a result came for {key[1]!r}, which is no request")
        elif request.method == INLINE:
            self._check(f"request {key[1]!r}", message.get("result"), request.asked)
        elif request.method in EDITS:
            self._check_edits(f"request {key[1]!r}", message.get("result"), request.edit)

    def _refused(self, key: Key, error: Any, request: _Request) -> None:
        code, reason = error.get("code"), error.get("message")
        if type(code) is not int or not isinstance(reason, str) or not reason:
            self.faults.append(f"the error of {key[1]!r} has no code or no message")
        elif code == INTERNAL_ERROR:
            self.faults.append(f"request {key[1]!r} ended with an internal error")
        elif code == CANCELLED and key not in self._cancelled and not self._shut_down:
            self.faults.append(f"request {key[1]!r} was cancelled by nobody")
        elif request.method in (INLINE, *EDITS) and code not in INLINE_ERRORS:
            self.faults.append(f"the inline request {key[1]!r} ended with the error {code}")

    def _check(self, whose: str, result: Any, asked: Asked | None) -> None:
        if asked is None:
            if result != {"items": []}:
                self.faults.append(f"{whose}: a document that is not open got {type(result).__name__} with something")
            return
        self.faults += [f"{whose}: {fault}" for fault in result_faults(result, asked)]
        if isinstance(result, dict) and isinstance(result.get("items"), list):
            self.items += len(result["items"])

    def _check_edits(self, whose: str, result: Any, asked: AskedEdit | None) -> None:
        if asked is None:
            if not isinstance(result, dict) or result.get("edits") != []:
                self.faults.append(f"{whose}: a document that is not open got an edit, or no empty list")
            return
        self.faults += [f"{whose}: {fault}" for fault in edit_faults(result, asked)]
        if isinstance(result, dict) and isinstance(result.get("edits"), list):
            self.edits += len(result["edits"])

    def _server_asks(self, message: Any) -> None:
        method = message["method"]
        if method in WINDOWS:
            self.faults.append(f"the server opened a window: {method}")
        elif method not in self.known_requests:
            self.faults.append(f"the server asked for the unknown {method}")
        else:
            self._asked_us[key_of(message)] = method
            if method == "window/workDoneProgress/create":
                self._works[message["params"]["token"]] = ""

    def _server_notifies(self, message: Any) -> None:
        method, params = message["method"], message.get("params")
        if method in WINDOWS:
            self.faults.append(f"the server opened a window: {method}")
        elif method not in self.known_notifications:
            self.faults.append(f"the server sent the unknown notification {method}")
        elif method == "$/progress":
            self._progressed(params)

    def _progressed(self, params: Any) -> None:
        requests = [(key, each) for key, waiting in self._open.items() for each in waiting]
        token = params.get("token") if isinstance(params, dict) else None
        if token in self._works:
            last, self._works[token] = self._works[token], params["value"]["kind"]
            if (self._works[token] == "begin") != (last == "") or last == "end":
                self.faults.append(f"the progress of work went from {last!r} to {self._works[token]!r}")
            return
        for key, request in requests:
            if request.token is not None and request.token == token:
                self._check(f"progress of {key[1]!r}", params.get("value"), request.asked)
                return
        self.faults.append("progress came for no open request")


def _due(waiting: list[_Request], error: Any) -> _Request | None:
    """Which of the requests that share an id an answer is for; None when none is waiting.

    What is no request is refused at once, and so is a request whose id is in use: the first behind the one that uses
    it. All else goes in turn.
    """
    if isinstance(error, dict) and error.get("code") == INVALID_REQUEST:
        return next((each for each in waiting if each.method is None), next(iter(waiting[1:] or waiting), None))
    return next((each for each in waiting if each.method is not None), waiting[0] if waiting else None)

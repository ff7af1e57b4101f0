"""What $/logTrace says of a message: its kind, method, id and size, and never anything of what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

OFF, MESSAGES, VERBOSE = "off", "messages", "verbose"
# Traces of traces would never end; what is logged is seen where it is logged.
_UNTRACED = frozenset({"$/logTrace", "window/logMessage"})
_MAX_NAME = 100


class Tracer:
    """Tells of messages as long as its client wants to be told; `send` takes the params of $/logTrace."""

    def __init__(self, send: Callable[[dict[str, str]], None]) -> None:
        self._send = send
        self.value = OFF
        """off, messages or verbose, as the client has said."""

    def received(self, message: Mapping[str, object], size: int) -> None:
        """A message of `size` bytes has come."""
        self._tell("received", message, size)

    def sent(self, message: Mapping[str, object], size: int) -> None:
        """A message of `size` bytes goes to the client."""
        self._tell("sent", message, size)

    def _tell(self, what: str, message: Mapping[str, object], size: int) -> None:
        if self.value == OFF or message.get("method") in _UNTRACED:
            return
        params = {"message": f"{what} {describe(message)}"}
        if self.value == VERBOSE:
            params["verbose"] = f"{size} bytes"
        self._send(params)


def describe(message: Mapping[str, object]) -> str:
    """Kind, method and id of a message. Only what a method or an id can be is quoted."""
    method, number = message.get("method"), message.get("id")
    name = method if isinstance(method, str) and len(method) <= _MAX_NAME else "of no usable name"
    shown = number if isinstance(number, int) or (isinstance(number, str) and len(number) <= _MAX_NAME) else "unusable"
    if method is not None:
        return f"notification {name}" if "id" not in message else f"request {name}, id {shown}"
    error = message.get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    return f"response to {shown}" + (
        "" if error is None else f", error {code if isinstance(code, int) else ''}".rstrip()
    )

"""The messages of the wire as frozen dataclasses: `to_wire` gives the map, `parse_*` checks one.

Checks name the message and the field and never quote a value, which may be source code. Knows no socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeVar, cast, get_args

from mellum_ls.runtime.client.fields import Fields
from mellum_ls.runtime.errors import MessageError

PROTOCOL = 5

StopRule = Literal["line", "block", "none"]
# The most urgent first. ahead: an answer that nobody waits for yet; warm_up: the prompt is computed, nothing generated.
Priority = Literal["inline", "next_edit", "action", "ahead", "warm_up"]
# stop: the model ended it; line, block, echo, loop: a stop rule did; length: the budget; warm: a warm-up is done.
EndReason = Literal["stop", "line", "block", "echo", "loop", "length", "warm", "cancelled", "superseded"]
LoadState = Literal["loading", "ready", "failed"]
# version: hello refused; protocol: not a frame, or no hello; bad_request: a field is wrong;
# load: the model cannot be loaded; stopping: the process is ending; engine: this request failed;
# unknown_text: the request refers to a text that the process does not hold.
ErrorCode = Literal["version", "protocol", "bad_request", "load", "stopping", "engine", "unknown_text"]
Wire = dict[str, object]
T = TypeVar("T")
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Hello:
    """First frame of a client. `token` is the secret of the token file, empty on a Unix socket."""

    version: str
    protocol: int = PROTOCOL
    token: str = ""


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """What to complete: the text around the cursor, other files (most stable first), and when to stop."""

    session: str
    prefix: str
    suffix: str = ""
    path: str = ""
    context: tuple[tuple[str, str], ...] = ()
    repository: str = ""
    max_tokens: int = 64
    stop: StopRule = "line"
    priority: Priority = "inline"
    rank: int = 0
    """0 for the likeliest completion; n for the one that begins with the n-th likeliest of the other first tokens."""
    predicted: str = ""
    """Text that may come, in whole or in parts: what was shown last, or what is rewritten. It only makes it faster."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation whose next turn is the model's. Messages are role and text; thoughts are never part of an answer.

    `thinking` lets the model think first, where its template has a switch for that; thoughts count as tokens.
    """

    session: str
    messages: tuple[tuple[Role, str], ...]
    max_tokens: int = 1024
    priority: Priority = "action"
    thinking: bool = False
    predicted: str = ""
    """As in a CompletionRequest."""


Request = CompletionRequest | ChatRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """Ask for a completion; answered by Token frames and then exactly one End or Failure of the same id.

    It supersedes those of its session that have a lower id and are not more urgent. Long texts: see texts.py.
    """

    id: int
    request: CompletionRequest


@dataclass(frozen=True, slots=True)
class Chat:
    """Ask for the next turn of a conversation; answered, and superseding others, as Complete is.

    A Failure of code "engine" where the model cannot chat; its message says why.
    """

    id: int
    request: ChatRequest


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the completion `id` early; it still gets its End. An unknown id is ignored."""

    id: int


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """Ask how the process is; answered by StatusReply."""

    id: int


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Ask the process to drain and end; answered by Stopping, then by the end of the connection."""

    id: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """Answer to Hello. `model` is the model's folder."""

    version: str
    pid: int
    model: str
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Token:
    """A further piece of the completion `id`, safe to show."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a completion cost. `computed_tokens` leaves out those found in the KV cache. Times in ms."""

    prompt_tokens: int = 0
    computed_tokens: int = 0
    generated_tokens: int = 0
    first_token_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """The completion `id` is over: its whole text, why it ended, what it cost."""

    id: int
    text: str
    reason: EndReason
    usage: Usage


@dataclass(frozen=True, slots=True)
class RuntimeStatus:
    """How the process is. `engine` is the engine's own table, empty until it is loaded. Times in seconds.

    `active` completions have begun, one running and the others put aside; `queued` ones, by priority, have not.
    Ended completions are `completed`, `cancelled`, `superseded` or `failed`; `preempted` counts how often one was put
    aside for a more urgent one. `rss_mb` is resident memory in 10**6 bytes, 0 where the system does not say.
    """

    state: LoadState
    pid: int
    version: str
    model: str
    uptime_s: float
    clients: int
    active: int
    queued: Mapping[str, int]
    idle_seconds: float
    cache_idle_seconds: float
    rss_mb: float = 0.0
    completed: int = 0
    cancelled: int = 0
    superseded: int = 0
    failed: int = 0
    preempted: int = 0
    error: str = ""
    engine: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusReply:
    """Answer to StatusQuery."""

    id: int
    status: RuntimeStatus


@dataclass(frozen=True, slots=True)
class Stopping:
    """Answer to Shutdown: the process is draining and will end."""

    id: int


@dataclass(frozen=True, slots=True)
class Failure:
    """The request `id` failed, or the connection when `id` is None. Code "version" sets `version`, `pid`."""

    id: int | None
    code: ErrorCode
    message: str
    version: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class TokenText:
    """What a consumer of a completion sees first, zero or more times: the next piece of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """What a consumer of a completion sees last, once: the whole text, why it ended, what it cost."""

    text: str
    reason: EndReason
    usage: Usage


ClientMessage = Hello | Complete | Chat | Cancel | StatusQuery | Shutdown
RuntimeMessage = Welcome | Token | End | StatusReply | Stopping | Failure


def to_wire(message: ClientMessage | RuntimeMessage) -> Wire:
    """The map that `parse_client_message` or `parse_runtime_message` turns back into `message`."""
    fields: Wire = asdict(message)
    if isinstance(message, Complete):
        request = asdict(message.request)
        fields = {name: request.pop(name) for name in ("session", "max_tokens", "stop", "priority", "rank")}
        fields |= {"id": message.id, "prompt": request}
    elif isinstance(message, Chat):
        fields = {"id": message.id, **asdict(message.request)}
    elif isinstance(message, StatusReply):
        fields = {"id": message.id, **asdict(message.status)}
    return {"t": _KIND[type(message)], **fields}


def parse_client_message(wire: Mapping[str, object]) -> ClientMessage:
    """A message that a client may send. Raises MessageError naming the message and the field."""
    return _parse(wire, _FROM_CLIENT)


def parse_runtime_message(wire: Mapping[str, object]) -> RuntimeMessage:
    """A message that the runtime may send. Raises MessageError naming the message and the field."""
    return _parse(wire, _FROM_RUNTIME)


def _parse(wire: Mapping[str, object], readers: Mapping[str, Callable[[Fields], T]]) -> T:
    kind = wire.get("t")
    if not isinstance(kind, str) or kind not in readers:
        raise MessageError(f"field 't' should be one of {', '.join(sorted(readers))}")
    return readers[kind](Fields(kind, wire))


def _complete(f: Fields) -> Complete:
    prompt = f.table("prompt")
    request = CompletionRequest(
        session=f.text("session"),
        prefix=prompt.text("prefix"),
        suffix=prompt.text("suffix", ""),
        path=prompt.text("path", ""),
        context=prompt.pairs("context"),
        repository=prompt.text("repository", ""),
        predicted=prompt.text("predicted", ""),
        max_tokens=f.whole("max_tokens", 64, least=1),
        stop=cast("StopRule", f.choice("stop", get_args(StopRule), "line")),
        priority=cast("Priority", f.choice("priority", get_args(Priority), "inline")),
        rank=f.whole("rank", 0),
    )
    return Complete(f.whole("id"), request)


def _chat(f: Fields) -> Chat:
    messages = f.pairs("messages", "[role, text]")
    if not messages:
        raise MessageError("chat: field 'messages' should not be empty")
    for index, (role, _) in enumerate(messages):
        if role not in get_args(Role):
            raise MessageError(f"chat: field 'messages[{index}]' should begin with one of {', '.join(get_args(Role))}")
    request = ChatRequest(
        session=f.text("session"),
        messages=cast("tuple[tuple[Role, str], ...]", messages),
        max_tokens=f.whole("max_tokens", 1024, least=1),
        priority=cast("Priority", f.choice("priority", get_args(Priority), "action")),
        thinking=f.truth("thinking", False),
        predicted=f.text("predicted", ""),
    )
    return Chat(f.whole("id"), request)


def _end(f: Fields) -> End:
    u = f.table("usage")
    usage = Usage(
        prompt_tokens=u.whole("prompt_tokens"),
        computed_tokens=u.whole("computed_tokens"),
        generated_tokens=u.whole("generated_tokens"),
        first_token_ms=u.number("first_token_ms"),
        total_ms=u.number("total_ms"),
    )
    reason = cast("EndReason", f.choice("reason", get_args(EndReason)))
    return End(f.whole("id"), f.text("text"), reason, usage)


def _status(f: Fields) -> StatusReply:
    status = RuntimeStatus(
        state=cast("LoadState", f.choice("state", get_args(LoadState))),
        pid=f.whole("pid"),
        version=f.text("version"),
        model=f.text("model"),
        uptime_s=f.number("uptime_s"),
        clients=f.whole("clients"),
        active=f.whole("active"),
        queued=f.counts("queued"),
        idle_seconds=f.number("idle_seconds"),
        cache_idle_seconds=f.number("cache_idle_seconds"),
        rss_mb=f.number("rss_mb"),
        completed=f.whole("completed"),
        cancelled=f.whole("cancelled"),
        superseded=f.whole("superseded"),
        failed=f.whole("failed"),
        preempted=f.whole("preempted"),
        error=f.text("error", ""),
        engine=f.mapping("engine"),
    )
    return StatusReply(f.whole("id"), status)


def _failure(f: Fields) -> Failure:
    code = cast("ErrorCode", f.choice("code", get_args(ErrorCode)))
    return Failure(f.optional_whole("id"), code, f.text("message"), f.text("version", ""), f.whole("pid", 0))


_FROM_CLIENT: Mapping[str, Callable[[Fields], ClientMessage]] = {
    "hello": lambda f: Hello(f.text("version"), f.whole("protocol"), f.text("token", "")),
    "complete": _complete,
    "chat": _chat,
    "cancel": lambda f: Cancel(f.whole("id")),
    "status": lambda f: StatusQuery(f.whole("id")),
    "shutdown": lambda f: Shutdown(f.whole("id")),
}
_FROM_RUNTIME: Mapping[str, Callable[[Fields], RuntimeMessage]] = {
    "welcome": lambda f: Welcome(f.text("version"), f.whole("pid"), f.text("model"), f.whole("protocol")),
    "token": lambda f: Token(f.whole("id"), f.text("text")),
    "end": _end,
    "status": _status,
    "stopping": lambda f: Stopping(f.whole("id")),
    "error": _failure,
}
_KIND: Mapping[type[ClientMessage | RuntimeMessage], str] = {
    Hello: "hello",
    Complete: "complete",
    Chat: "chat",
    Cancel: "cancel",
    StatusQuery: "status",
    Shutdown: "shutdown",
    Welcome: "welcome",
    Token: "token",
    End: "end",
    StatusReply: "status",
    Stopping: "stopping",
    Failure: "error",
}

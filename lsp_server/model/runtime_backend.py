"""The Backend that the resident model process gives. The only module here that knows the runtime's client.

Imported when the first backend is made, which is after initialize has been answered.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Literal

from mellum_ls.lsp_server.model.backend import BackendStatus, BackendUnavailable, Done, Message, Piece, Query, Usage
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import ChatRequest, Completed, CompletionRequest, Priority, Request
from mellum_ls.runtime.errors import MellumError, NotTriedYet, ProtocolMismatch, RuntimeUnavailable

_STOPPED = ("cancelled", "superseded")
_STATES = {"loading": "starting", "ready": "ready", "failed": "failed"}


class RuntimeBackend:
    """Completions of the model process that `options` describe; it is found or started when first needed."""

    def __init__(self, options: RuntimeOptions) -> None:
        self._options = options
        self._client = RuntimeClient(options)
        self._last_error = ""

    async def warm(self) -> None:
        """Begin to find or start the process."""
        await self._client.warm()

    async def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
        """Stream an answer; see Backend. Raises BackendUnavailable."""
        async with aclosing(self._stream(query, "ahead" if ahead else query.priority)) as stream:
            async for item in stream:
                yield item

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        session: str,
        max_tokens: int,
        priority: Literal["next_edit", "action"] = "action",
        predicted: str = "",
    ) -> AsyncGenerator[Piece | Done, None]:
        """Stream the next turn of a conversation; see Backend. Raises BackendUnavailable."""
        said = tuple((message.role, message.text) for message in messages)
        request = ChatRequest(session, said, max_tokens, priority, predicted=predicted)
        async with aclosing(self._asked(request)) as stream:
            async for item in stream:
                yield item

    async def why_no_chat(self) -> str:
        """Why the model cannot be talked to; see Backend."""
        status = await self.status()
        if status.state == "starting":
            return "the model is getting ready"
        if status.state != "ready" or status.details is None:
            return (
                f"the model is not available: {status.last_error}" if status.last_error else "the model is not loaded"
            )
        reason = status.details["engine"].get("no_chat", "")
        return f"the model cannot chat: {reason}" if reason else ""

    async def prefill(self, query: Query) -> bool:
        """Compute the prompt of `query` only; see Backend. Raises BackendUnavailable."""
        # The same token budget as in the request that may follow: it decides how much of a long prompt is kept.
        async with aclosing(self._stream(query, "warm_up")) as stream:
            async for item in stream:
                if isinstance(item, Done):
                    return item.reason not in _STOPPED
        return False

    async def _stream(self, query: Query, priority: Priority) -> AsyncGenerator[Piece | Done, None]:
        request = CompletionRequest(
            session=query.session,
            prefix=query.prefix,
            suffix=query.suffix,
            path=query.path,
            context=query.context,
            max_tokens=query.max_tokens,
            stop=query.stop,
            priority=priority,
            rank=query.rank,
            predicted=query.predicted,
        )
        async with aclosing(self._asked(request)) as stream:
            async for item in stream:
                yield item

    async def _asked(self, request: Request) -> AsyncGenerator[Piece | Done, None]:
        try:
            async with aclosing(self._client.complete(request)) as stream:
                async for item in stream:
                    yield _done(item) if isinstance(item, Completed) else Piece(item.text)
        except (MellumError, OSError) as error:
            self._last_error = str(error)
            raise _unavailable(error) from error

    async def status(self) -> BackendStatus:
        """How the process is; a failure to ask is part of the answer."""
        model = self._options.model or ""
        if self._client.connecting:
            return BackendStatus("starting", model, self._last_error)
        try:
            status = await self._client.status()
        except (MellumError, OSError) as error:
            return BackendStatus("failed", model, str(error))
        if status is None:
            return BackendStatus("stopped", model, self._client.trouble or self._last_error)
        details = {**asdict(status), "engine": dict(status.engine)}
        return BackendStatus(_STATES[status.state], status.model, status.error, details)

    async def close(self) -> None:
        """Let go of the process; it lives on for other windows."""
        await self._client.close()


def _unavailable(error: MellumError | OSError) -> BackendUnavailable:
    # Of the faults of a connection only a newer process of another version stays until somebody does something.
    passing = isinstance(error, RuntimeUnavailable | OSError) and not isinstance(error, ProtocolMismatch)
    return BackendUnavailable(str(error), passing=passing, cause=error.cause if isinstance(error, NotTriedYet) else "")


def _done(completed: Completed) -> Done:
    cost = completed.usage
    usage = Usage(cost.prompt_tokens, cost.computed_tokens, cost.generated_tokens, cost.first_token_ms, cost.total_ms)
    # What was stopped on the way is no answer; nobody waits for it any more.
    return Done("" if completed.reason in _STOPPED else completed.text, completed.reason, usage)

"""The Backend that the resident model process gives. The only module here that knows the runtime's client.

Imported when the first backend is made, which is after initialize has been answered.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict

from mellum_ls.lsp_server.backend import BackendStatus, BackendUnavailable, Done, Piece, Query
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import Completed, CompletionRequest
from mellum_ls.runtime.errors import MellumError

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

    async def complete(self, query: Query) -> AsyncGenerator[Piece | Done, None]:
        """Stream an answer; see Backend. Raises BackendUnavailable."""
        request = CompletionRequest(
            session=query.session,
            prefix=query.prefix,
            suffix=query.suffix,
            path=query.path,
            max_tokens=query.max_tokens,
            stop=query.stop,
        )
        try:
            async with aclosing(self._client.complete(request)) as stream:
                async for item in stream:
                    if isinstance(item, Completed):
                        # What was stopped on the way is no answer; nobody waits for it any more.
                        stopped = item.reason in ("cancelled", "superseded")
                        yield Done("" if stopped else item.text, item.reason)
                    else:
                        yield Piece(item.text)
        except (MellumError, OSError) as error:
            self._last_error = str(error)
            raise BackendUnavailable(str(error)) from error

    async def status(self) -> BackendStatus:
        """How the process is; a failure to ask is part of the answer."""
        model = self._options.model or ""
        try:
            status = await self._client.status()
        except (MellumError, OSError) as error:
            return BackendStatus("failed", model, str(error))
        if status is None:
            return BackendStatus("stopped", model, self._last_error)
        details = {**asdict(status), "engine": dict(status.engine)}
        return BackendStatus(_STATES[status.state], status.model, status.error, details)

    async def close(self) -> None:
        """Let go of the process; it lives on for other windows."""
        await self._client.close()

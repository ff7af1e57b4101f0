"""Watching a model get ready: what is being done, until it is ready or has failed. Starts nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from mellum_ls.lsp_server.model.backend import BackendStatus

LOOK_SECONDS = 0.2
"""So often the model is asked how far it is; only while it gets ready."""


async def getting_ready(
    ask: Callable[[], Awaitable[BackendStatus]], sleep: Callable[[float], Awaitable[None]]
) -> AsyncGenerator[str | BackendStatus, None]:
    """Each step by name as it begins, none if the model is ready already; last the status that it came to.

    `ask` is a backend's status, `sleep` takes seconds.
    """
    told = ""
    while True:
        status = await ask()
        if status.state != "starting":
            yield status
            return
        step = "starting the model process" if status.details is None else "loading the model"
        if step != told:
            told = step
            yield step
        await sleep(LOOK_SECONDS)

"""How the model is, as far as the user should know: getting ready, working, failed; the same failure is told once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from mellum_ls.lsp_server.model.backend import Backend
from mellum_ls.lsp_server.model.loading import getting_ready
from mellum_ls.lsp_server.reports.standing import Standing

_log = logging.getLogger(__name__)


class Health:
    """The last failure of a window's model, and what is said of it. `sleep` takes seconds."""

    def __init__(self, standing: Standing, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._standing = standing
        self._sleep = sleep
        self._cause = ""
        self.last_error = ""
        """The last failure of the model, or of the server itself; empty once the model has answered again."""
        self.tell: Callable[[str, int], None] = _to_log
        """Takes lines for the user's log, with a level of `logging`. Never source text."""

    def failed(self, message: str, *, passing: bool = True, cause: str = "") -> None:
        """Note a failure.

        `cause` is what of the message stays the same while the failure does, `passing` whether it may mend itself.
        """
        cause = cause or message
        # The same failure comes with every key typed; once is news.
        if cause != self._cause:
            self.tell(f"no completions: {message}", logging.WARNING)
        self.last_error, self._cause = message, cause
        self._standing.failed(cause, passing=passing)

    def recovered(self) -> None:
        """The model answers, perhaps again."""
        if self.last_error:
            self.tell("completions are back", logging.INFO)
        self.last_error = self._cause = ""
        self._standing.works()

    async def get_ready(self, backend: Backend) -> None:
        """Have the model loaded, and say how far it is. Cancelling leaves it to load on."""
        await backend.warm()
        try:
            async with aclosing(getting_ready(backend.status, self._sleep)) as steps:
                async for step in steps:
                    if isinstance(step, str):
                        self._standing.loading(step)
                    elif step.state == "ready":
                        self._standing.works()
                    elif step.last_error:
                        self._standing.failed(step.last_error, passing=step.state == "stopped")
        finally:
            self._standing.loading("")


def _to_log(message: str, level: int) -> None:
    _log.log(level, "%s", message)

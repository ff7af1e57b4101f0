"""One answer while the model writes it: requests wait for it, come back to it as the user types along, and may leave.

Knows nothing of how the model is asked nor of how its text is shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from mellum_ls.lsp_server.answers.completer import Gap
from mellum_ls.lsp_server.documents.positions import utf16_length
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Stream
from mellum_ls.lsp_server.prompt.windows import model_text

_log = logging.getLogger(__name__)


class Flight:
    """The answer at `gap`, from `stream`; `landed` is called once with the flight when it is over.

    With `known` the text begins with that, and the stream goes on behind it: nobody is answered before the user has
    typed all of `known`. The model is stopped by `end`, and by nothing else.
    """

    def __init__(self, gap: Gap, stream: Stream, landed: Callable[[Flight], None], known: str = "") -> None:
        self.gap = gap
        self.known = known
        self.written = known
        """What the model has written so far, with \\n line ends."""
        self.done: Done | None = None
        self.failure: BaseException | None = None
        self._landed = landed
        self._pulse = asyncio.Event()
        self._typed = ""
        self._caret = Place(gap.snapshot.line, utf16_length(gap.snapshot.before))
        self.task = asyncio.ensure_future(self._run(stream))

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.done is not None or self.failure is not None

    def growth(self) -> Awaitable[object]:
        """What to wait for while it is not over: more text than now, or the end."""
        return self._pulse.wait()

    def goes_along(self, typed: str) -> bool:
        """Whether `typed` from the gap on agrees with what the model has written so far.

        With nothing written it does not: what the model would write is then more likely something else.
        """
        return self.written.startswith(typed) or (
            not self.over and self.written != "" and typed.startswith(self.written)
        )

    def follow(self, edits: Sequence[Edit]) -> bool:
        """Take edits of the document; False when they are anything but typing along at the gap."""
        for edit in edits:
            # Where it ends is no matter: a suggestion that is accepted may take what stands behind the caret.
            if self.gap.chosen or edit.start is None or edit.start != self._caret:
                return False
            text = model_text(edit.text)
            above, newline, last = text.rpartition("\n")
            base = 0 if newline else self._caret.character
            line = self._caret.line + (above.count("\n") + 1 if newline else 0)
            self._caret = Place(line, base + utf16_length(last))
            self._typed += text
        return self.goes_along(self._typed)

    def end(self) -> None:
        """Stop the model; whoever waits gets what has come so far and a failure."""
        if not self.over:
            # A task that has not begun yet would not say so itself.
            self.failure = asyncio.CancelledError()
            self._beat()
            self.task.cancel()

    async def _run(self, stream: Stream) -> None:
        try:
            async with aclosing(stream):
                async for item in stream:
                    if isinstance(item, Done):
                        self.written, self.done = self.known + item.text, item
                        return
                    self.written += item.text
                    self._beat()
            self.failure = BackendUnavailable("the model broke off in the middle of its answer")
        except BackendUnavailable as error:
            self.failure = error
        except asyncio.CancelledError as error:
            self.failure = error
            raise
        except Exception as error:  # noqa: BLE001 -- raised again by whoever waits
            # The type alone: messages of exceptions can quote the user's text.
            _log.error("an answer failed: %s", type(error).__name__)
            self.failure = error
        finally:
            self._landed(self)
            self._beat()

    def _beat(self) -> None:
        self._pulse.set()
        self._pulse = asyncio.Event()

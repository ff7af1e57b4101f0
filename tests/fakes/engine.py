"""An engine of the service that says what it is told to, one piece a step, each step allowed by the test.

Run as a script, it is a model process around such an engine: the arguments of the real one, after one of `free`
(steps need no leave), `stuck` (says one piece, then waits for ever), `broken` (fails to load), and the version
that it says it has.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from mellum_ls.runtime.client.launch import installed_version
from mellum_ls.runtime.client.messages import Completed, CompletionRequest, EndReason, Usage
from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.service.__main__ import parse_arguments, serve

PIECES = ("def", " twice", "(x)")
SCRIPT = Path(__file__)


class ScriptedEngine:
    """Says PIECES. `steps` counts those begun; each needs one `allow`, unless `free`.

    A request whose prefix is "raise" raises an error that quotes the prompt, as a careless library would.
    """

    def __init__(self, *, free: bool = False) -> None:
        self.steps = 0
        self.requests: list[CompletionRequest] = []
        self._free = free
        self._leave = threading.Semaphore(0)

    def allow(self, num_steps: int = 1) -> None:
        """Let that many further steps happen."""
        self._leave.release(num_steps)

    def complete(
        self, request: CompletionRequest, on_text: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Completed:
        self.requests.append(request)
        text, reason = "", "stop"
        for piece in PIECES:
            if cancelled():
                reason = "cancelled"
                break
            if request.prefix == "raise":
                raise ValueError(f"cannot encode {request.suffix}")
            self.steps += 1
            if not self._free:
                self._leave.acquire()
            text += piece
            on_text(piece)
        return Completed(text, _reason(reason), Usage(prompt_tokens=7, generated_tokens=self.steps))

    def status(self) -> Mapping[str, object]:
        return {"steps": self.steps}


def _reason(name: str) -> EndReason:
    return "cancelled" if name == "cancelled" else "stop"


def _load(kind: str) -> ScriptedEngine:
    if kind == "broken":
        raise CheckpointError("model.safetensors is cut short")
    engine = ScriptedEngine(free=kind == "free")
    engine.allow(1)
    return engine


def command(kind: str = "free", version: str | None = None) -> tuple[str, ...]:
    """The `service` option of RuntimeOptions that starts this script."""
    return (sys.executable, "-P", str(SCRIPT), kind, version or installed_version())


if __name__ == "__main__":
    kind, version, *rest = sys.argv[1:]
    sys.exit(serve(parse_arguments(rest), lambda: _load(kind), version))

"""An engine of the service that says what it is told to, one piece a step, each step allowed by the test.

Run as a script, it is a model process around such an engine: the arguments of the real one, after one of `free`
(steps need no leave), `stuck` (says one piece, then waits for ever), `broken` (fails to load), and the version
that it says it has.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from mellum_ls.runtime.client.launch import installed_version
from mellum_ls.runtime.client.messages import ChatRequest, Completed, EndReason, Request, Usage
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
        self.drops = 0
        self.requests: list[Request] = []
        self.free = free
        self._leave = threading.Semaphore(0)
        self._begun = threading.Semaphore(0)

    def allow(self, num_steps: int = 1) -> None:
        """Let that many further steps happen."""
        self._leave.release(num_steps)

    async def one_has_begun(self) -> None:
        """Wait until one more request has begun: from then on it is no longer ended before its turn."""
        assert await asyncio.to_thread(self._begun.acquire, timeout=60), "the engine has begun nothing"

    def begin(self, request: Request, on_text: Callable[[str], None]) -> ScriptedRun:
        self.requests.append(request)
        self._begun.release()
        return ScriptedRun(self, request, on_text)

    def status(self) -> Mapping[str, object]:
        return {"steps": self.steps}

    def drop_cache(self) -> None:
        self.drops += 1

    def count_step(self) -> None:
        self.steps += 1
        if not self.free:
            self._leave.acquire()


class ScriptedRun:
    """One completion of a ScriptedEngine: a piece a step."""

    def __init__(self, engine: ScriptedEngine, request: Request, on_text: Callable[[str], None]) -> None:
        self._engine, self._request, self._on_text = engine, request, on_text
        self._said: list[str] = []

    def step(self) -> Completed | None:
        if not isinstance(self._request, ChatRequest) and self._request.prefix == "raise":
            raise ValueError(f"cannot encode {self._request.suffix}")
        self._engine.count_step()
        self._said.append(PIECES[len(self._said)])
        self._on_text(self._said[-1])
        return self._completed("stop") if len(self._said) == len(PIECES) else None

    def cancel(self) -> Completed:
        return self._completed("cancelled")

    def _completed(self, reason: EndReason) -> Completed:
        return Completed("".join(self._said), reason, Usage(prompt_tokens=7, generated_tokens=len(self._said)))


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

"""The real engine as the service wants it: wire requests in, wire results out. Knows nothing of clients.

Only the engine thread imports it, and torch with it: the process answers while that takes its seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from mellum_ls.runtime.client.messages import Completed, CompletionRequest, Usage
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams

MAX_THREADS = 8


class LoadedEngine:
    """An Engine behind the service's ServedEngine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def complete(
        self, request: CompletionRequest, on_text: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Completed:
        """Run one completion in the calling thread. Raises RequestError as the engine does."""
        prompt = Prompt(
            prefix=request.prefix,
            suffix=request.suffix,
            path=request.path,
            context=tuple(ContextFile(path, text) for path, text in request.context),
            repository=request.repository,
        )
        result = self._engine.complete(
            request.session,
            prompt,
            GenerationParams(max_tokens=request.max_tokens, stop=request.stop),
            on_chunk=lambda chunk: on_text(chunk.text),
            cancelled=cancelled,
        )
        usage = Usage(
            prompt_tokens=result.prompt_tokens,
            computed_tokens=result.computed_tokens,
            generated_tokens=result.generated_tokens,
            first_token_ms=result.first_token_s * 1000,
            total_ms=result.total_s * 1000,
        )
        return Completed(result.text, result.reason, usage)

    def status(self) -> Mapping[str, object]:
        """The engine's own table."""
        return self._engine.status()


def load_engine(model_dir: Path, threads: int | None) -> LoadedEngine:
    """Load the model in `model_dir`. `threads` None stands for `default_threads`. Raises ModelError."""
    torch.set_num_threads(threads or default_threads())
    return LoadedEngine(Engine.load(model_dir))


def default_threads(cores: int | None = None) -> int:
    """Threads for computing on `cores` (None: those this process may use): all but one, between 1 and 8.

    Threads wait for each other at the end of every operation, so one that shares its core with the editor, a
    compiler or a test run holds all of them up. Measured with mellum2-nano on two cores: a second thread gains
    nothing in decoding while the machine is idle, and while two other processes compute it writes 12 tokens a
    second instead of 45. The upper bound is caution, not measured.
    """
    return max(1, min(MAX_THREADS, (cores or available_cores()) - 1))


def available_cores() -> int:
    """Cores this process may run on: its affinity may leave it fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

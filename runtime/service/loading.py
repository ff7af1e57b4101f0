"""The real engine as the service wants it: wire requests in, wire results out. Knows nothing of clients.

Only the engine thread imports it, and torch with it: the process answers while that takes its seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from mellum_ls.runtime.client.messages import Completed, CompletionRequest, Usage
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.threads import default_threads


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

"""The real engine as the service wants it: wire requests in, wire results out. Knows nothing of clients.

Only the engine thread imports it, and torch with it: the process answers while that takes its seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from mellum_ls.runtime.cache.budget import session_bytes
from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.chat import Message
from mellum_ls.runtime.client.messages import ChatRequest, Completed, Request, Usage
from mellum_ls.runtime.completion import Completion
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.formats import named_format
from mellum_ls.runtime.generate import GenerationParams, Result
from mellum_ls.runtime.use_threads import use_threads

LEAST_POSITIONS = 1024


class LoadedRun:
    """A Completion of the engine behind the service's Run."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion

    def step(self) -> Completed | None:
        """One chunk of the prompt or one new token; the result when that was the last."""
        result = self._completion.step()
        return None if result is None else _completed(result)

    def cancel(self) -> Completed:
        """End it; what it computed stays cached."""
        return _completed(self._completion.cancel())


class LoadedEngine:
    """An Engine behind the service's ServedEngine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, request: Request, on_text: Callable[[str], None]) -> LoadedRun:
        """Begin one completion or one turn of a conversation. Raises RequestError as the engine does."""
        if isinstance(request, ChatRequest):
            messages = [Message(role, text) for role, text in request.messages]
            return LoadedRun(
                self._engine.begin_chat(
                    request.session,
                    messages,
                    request.max_tokens,
                    thinking=request.thinking,
                    predicted=request.predicted,
                    on_chunk=lambda chunk: on_text(chunk.text),
                )
            )
        prompt = Prompt(
            prefix=request.prefix,
            suffix=request.suffix,
            path=request.path,
            context=tuple(ContextFile(path, text) for path, text in request.context),
            repository=request.repository,
        )
        params = GenerationParams(
            request.max_tokens,
            request.stop,
            warm_up=request.priority == "warm_up",
            ahead=request.priority == "ahead",
            rank=request.rank,
        )
        completion = self._engine.begin(
            request.session,
            prompt,
            params,
            on_chunk=lambda chunk: on_text(chunk.text),
            predicted=request.predicted,
        )
        return LoadedRun(completion)

    def status(self) -> Mapping[str, object]:
        """The engine's own table, and the memory that it holds on a GPU."""
        table = self._engine.status()
        return table | {"device_bytes": torch.cuda.memory_reserved()} if _on_gpu(self._engine) else table

    def drop_cache(self) -> None:
        """Free the keys and values of all sessions."""
        self._engine.drop_sessions()
        if _on_gpu(self._engine):
            torch.cuda.empty_cache()


def load_engine(
    model_dir: Path,
    threads: int | None,
    cache_bytes: int | None = None,
    cache_dir: Path | None = None,
    *,
    drafting: bool | None = False,
    profile_file: Path | None = None,
    format: str = "auto",
) -> LoadedEngine:
    """Load the model in `model_dir`. `threads` None stands for `default_threads`. Raises ModelError.

    `cache_bytes` is the most memory for keys and values; None: what suits the device. Raises SettingError when no
    prompt worth the name fits into it. With `drafting` tokens are drafted where that pays, None leaves it to the
    device. What passes cost on it, and packed weights, are kept in `cache_dir`, if there is one. `profile_file` is what
    the user says about the model's profile. `format` "auto" is the best that fits.
    """
    use_threads(threads)
    engine = Engine.load(
        model_dir,
        cache_bytes=cache_bytes,
        draft=drafting,
        cache_dir=cache_dir,
        profile_file=profile_file,
        format=named_format(format),
    )
    require_room(engine.config, engine.model.dtype, engine.max_positions)
    return LoadedEngine(engine)


def require_room(config: ModelConfig, dtype: torch.dtype, max_positions: int) -> None:
    """Raise SettingError when a prompt of `max_positions` is not worth the name; it says what would do."""
    least = min(LEAST_POSITIONS, config.max_position_embeddings)
    if max_positions < least:
        needed = session_bytes(config, dtype, least, Retention())
        raise SettingError(
            f"MELLUM_CACHE_MB leaves room for {max_positions} tokens of this model; "
            f"set it to {-(-needed // 10**6)} or more, or to nothing"
        )


def _on_gpu(engine: Engine) -> bool:
    return engine.model.device.type == "cuda"


def _completed(result: Result) -> Completed:
    usage = Usage(
        prompt_tokens=result.prompt_tokens,
        computed_tokens=result.computed_tokens,
        generated_tokens=result.generated_tokens,
        first_token_ms=result.first_token_s * 1000,
        total_ms=result.total_s * 1000,
    )
    return Completed(result.text, result.reason, usage)

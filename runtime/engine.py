"""One loaded model that completes text: tokenizer, prompt layout, cache, decoding and stop rules put together.

Used from one thread. Knows nothing of processes, sockets or editors.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ModelNotFound, RequestError, TokenizerError
from mellum_ls.runtime.fim import Prompt, prompt_ids
from mellum_ls.runtime.generate import Chunk, GenerationParams, Reason, Result, greedy, prefill
from mellum_ls.runtime.healing import Healer, Spelling
from mellum_ls.runtime.kv_cache import Session, SessionCache
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import MtpHead
from mellum_ls.runtime.profile import Profile, read_generation_config
from mellum_ls.runtime.stopping import StopRule, make_rule
from mellum_ls.runtime.tokenizer import Detokenizer, Tokenizer
from mellum_ls.runtime.weights import ModelWeights, load_weights

logger = logging.getLogger(__name__)

MAX_SESSIONS = 8
MAX_CACHE_BYTES = 2 * 1024**3


def _ignore(chunk: Chunk) -> None:
    """The default listener: nobody looks at the completion while it grows."""


def _never() -> bool:
    """The default cancel flag."""
    return False


class Engine:
    """Completes prompts with one model, keeping what it computed for each session."""

    def __init__(
        self,
        model_dir: Path,
        model: Model,
        tokenizer: Tokenizer,
        profile: Profile,
        clock: Callable[[], float],
    ) -> None:
        self.model_dir, self.model, self.tokenizer, self.profile = model_dir, model, tokenizer, profile
        self.config = model.config
        self.mtp = None if model.weights.mtp is None else MtpHead(model, model.weights.mtp)
        self.healer = Healer(tokenizer)
        self._clock = clock
        self._sessions = SessionCache(model.new_cache, max_sessions=MAX_SESSIONS, max_bytes=MAX_CACHE_BYTES)
        self._parameters = count_parameters(model.weights)
        self._requests = self._computed = self._reused = self._generated = 0

    @classmethod
    def load(
        cls,
        model_dir: Path,
        *,
        dtype: torch.dtype | None = None,
        device: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> "Engine":
        """Load a model directory in the Hugging Face layout; a ModelError says what is wrong with it.

        The device is the GPU if torch sees one; the dtype is bfloat16 there and float32 on a CPU, where many
        processors have no bfloat16 arithmetic.
        """
        if not model_dir.is_dir():
            raise ModelNotFound(f"there is no model directory {model_dir}")
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        kind = dtype or (torch.float32 if place.type == "cpu" else torch.bfloat16)
        started = clock()
        config = ModelConfig.from_file(model_dir / "config.json")
        tokenizer = Tokenizer.from_file(model_dir / "tokenizer.json", expected_sha256=config.tokenizer_sha256)
        if tokenizer.vocab_size > config.vocab_size:
            raise TokenizerError(
                f"{model_dir}: tokenizer.json has {tokenizer.vocab_size} ids, the weights {config.vocab_size}"
            )
        profile = Profile.derive(config, read_generation_config(model_dir / "generation_config.json"), tokenizer)
        weights = load_weights(Checkpoint.open(model_dir), config, place, kind)
        engine = cls(model_dir, Model(config, weights), tokenizer, profile, clock)
        logger.info(
            "loaded %s in %.1f s: %d parameters, %s, %s",
            model_dir,
            clock() - started,
            engine._parameters,
            kind,
            place,
        )
        return engine

    def complete(
        self,
        session: str,
        prompt: Prompt,
        params: GenerationParams,
        *,
        on_chunk: Callable[[Chunk], None] = _ignore,
        cancelled: Callable[[], bool] = _never,
    ) -> Result:
        """Complete the text at the cursor; chunks are handed out as they grow, and joined they are the result's text.

        `session` names the editing place whose cache is reused. RequestError if the model cannot do
        fill-in-the-middle or the budget leaves no room for a prompt.
        """
        started = self._clock()
        kept_prefix, typed = self.healer.split(prompt.prefix)
        healing_tokens = len(self.tokenizer.encode(typed))
        ids = self.prompt_ids(replace(prompt, prefix=kept_prefix), params.max_tokens + healing_tokens)
        kept = self._sessions.acquire(session)
        reused = kept.rewind(ids)
        self._requests, self._reused = self._requests + 1, self._reused + reused
        params = replace(params, max_tokens=params.max_tokens + healing_tokens)
        run = _Completion(self, kept, make_rule(params.stop, prompt.prefix, prompt.suffix), params, on_chunk, cancelled)
        reason = run.run(ids[reused:], typed)
        self._sessions.trim()
        computed = min(len(kept.ids), len(ids)) - reused
        self._computed, self._generated = self._computed + computed, self._generated + run.generated
        return Result(
            text=run.text,
            reason=reason,
            prompt_tokens=len(ids),
            computed_tokens=computed,
            generated_tokens=run.generated,
            first_token_s=0.0 if run.first_at is None else run.first_at - started,
            total_s=self._clock() - started,
        )

    def prompt_ids(self, prompt: Prompt, max_tokens: int) -> list[int]:
        """The ids of a prompt that leaves room for `max_tokens` more."""
        if self.profile.fim is None:
            raise RequestError(f"{self.model_dir} has no fill-in-the-middle tokens: it cannot complete at a cursor")
        return prompt_ids(
            prompt,
            self.profile.fim,
            self.tokenizer.encode,
            order=self.profile.fim_order,
            limit=self.config.max_position_embeddings - max_tokens,
        )

    def generate_ids(
        self, prompt_ids: Sequence[int], max_tokens: int, stop_ids: Collection[int] | None = None
    ) -> list[int]:
        """Greedy ids after a prompt, the stop id included if one came; None stands for the checkpoint's stop ids.

        Uses no session. RequestError if prompt and budget do not fit the model.
        """
        if not prompt_ids or len(prompt_ids) + max_tokens > self.config.max_position_embeddings:
            raise RequestError(
                f"{len(prompt_ids)} prompt ids and {max_tokens} new ones, wanted at least one prompt id and "
                f"no more than {self.config.max_position_embeddings} in all"
            )
        session = Session(self.model.new_cache())
        hidden = prefill(self.model, session, prompt_ids, _never)
        assert hidden is not None
        stops = self.profile.stop_ids if stop_ids is None else stop_ids
        return list(greedy(self.model, session, hidden, max_tokens, stops, _never))

    def drop_sessions(self) -> None:
        """Free the memory of all sessions; the next request of each starts from nothing."""
        self._sessions.clear()

    def status(self) -> dict[str, object]:
        """Facts and counters for people and tools; JSON types only."""
        return {
            "model": self.model_dir.name,
            "model_dir": str(self.model_dir),
            "parameters": self._parameters,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "device": str(self.model.device),
            "max_positions": self.config.max_position_embeddings,
            "mtp": self.mtp is not None,
            "sessions": len(self._sessions),
            "kv_bytes": self._sessions.num_bytes,
            "requests": self._requests,
            "computed_tokens": self._computed,
            "reused_tokens": self._reused,
            "generated_tokens": self._generated,
        }


class _Completion:
    """One run of the decode loop: ids become text, text goes through the stop rule, the rest is shown."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        rule: StopRule,
        params: GenerationParams,
        on_chunk: Callable[[Chunk], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._engine, self._session, self._params = engine, session, params
        self._on_chunk, self._cancelled = on_chunk, cancelled
        self._rule = rule
        self._detokenizer = Detokenizer(engine.tokenizer)
        self._pending: list[int] = []
        self.text = ""
        self.generated = 0
        self.first_at: float | None = None

    def run(self, ids: Sequence[int], typed: str) -> Reason:
        """Compute the rest of the prompt, spell `typed` again and go on; return why it ended."""
        engine, params = self._engine, self._params
        hidden = prefill(engine.model, self._session, ids, self._cancelled)
        if hidden is None:
            return "cancelled"
        stop_ids = engine.profile.stop_ids
        spelling = Spelling(engine.healer, typed)
        unshown = len(typed)
        for token in greedy(
            engine.model, self._session, hidden, params.max_tokens, stop_ids, self._cancelled, spelling.choose
        ):
            self.generated += 1
            self.first_at = engine._clock() if self.first_at is None else self.first_at
            if token in stop_ids:
                self._show(self._rule.finish())
                return self._rule.reason or "stop"
            self._pending.append(token)
            text = self._detokenizer.push([token])
            # What the user has typed already comes first, character for character.
            text, unshown = text[unshown:], max(0, unshown - len(text))
            self._show(self._rule.push(text))
            if self._rule.reason is not None:
                return self._rule.reason
        if self.generated < params.max_tokens:
            return "cancelled"
        self._show(self._rule.finish())
        return self._rule.reason or "length"

    def _show(self, text: str) -> None:
        if text:
            self.text += text
            self._on_chunk(Chunk(text, tuple(self._pending)))
            self._pending.clear()


def count_parameters(weights: ModelWeights) -> int:
    """Number of trained values, as the checkpoint counts them: a tied head and shared norms once."""
    layers = [*weights.layers, *([] if weights.mtp is None else [weights.mtp.layer])]
    tensors = [weights.embedding, weights.norm]
    if weights.lm_head is not weights.embedding:
        tensors.append(weights.lm_head)
    if weights.mtp is not None:
        mtp = weights.mtp
        tensors += [mtp.embedding_norm, mtp.hidden_norm, mtp.projection, mtp.norm]
    for layer in layers:
        mlp = layer.mlp
        tensors += [layer.input_norm, layer.qkv, layer.output, layer.mlp_norm, layer.qk_norm[:2]]
        tensors += [getattr(mlp, name) for name in mlp.__slots__]
    return sum(tensor.numel() for tensor in tensors)

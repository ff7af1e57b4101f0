"""One loaded model that completes text: tokenizer, prompt layout, cache, decoding and stop rules put together.

Used from one thread. Knows nothing of processes, sockets or editors.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mellum_ls.kernels.packing import Weight, weight_count
from mellum_ls.runtime.assemble import assemble_from
from mellum_ls.runtime.cache.budget import (
    CacheLimits,
    device_budget,
    fitting_retention,
    host_budget,
    longest_sequence,
)
from mellum_ls.runtime.cache.checkpoints import CheckpointShelf
from mellum_ls.runtime.cache.sessions import Lease, Session, SessionCache
from mellum_ls.runtime.chat import ChatFormat, Message
from mellum_ls.runtime.checkpoints.hub_cache import shown_name
from mellum_ls.runtime.completion import Completion, OnChunk, Tools, Wanted
from mellum_ls.runtime.devices import default_place
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.measuring import costs_of, measure
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.sampling import Temperature
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.encoding import PromptEncoders
from mellum_ls.runtime.errors import ConfigError, RequestError
from mellum_ls.runtime.fim import Layout, Prompt, lay_out
from mellum_ls.runtime.formats import FormatName, format_of
from mellum_ls.runtime.generate import Chunk, GenerationParams, Pace, Result, at_once, greedy, prefill
from mellum_ls.runtime.healing import Healer
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.model_files import model_files
from mellum_ls.runtime.mtp import MtpFollower
from mellum_ls.runtime.profile import Profile
from mellum_ls.runtime.stopping import make_rule
from mellum_ls.runtime.thoughts import Thoughts
from mellum_ls.runtime.tokenizer import Tokenizer
from mellum_ls.runtime.use_threads import threads_in_use
from mellum_ls.runtime.weights import ModelWeights

logger = logging.getLogger(__name__)

MAX_SESSIONS = 8
# The room left for new tokens is a multiple of this, or of this share of the positions: the place where a long prompt
# is cut must not move with the budget of each request, nor with the length of the word at the cursor.
ROOM_STEP, ROOM_SHARE = 256, 16


def _ignore(chunk: Chunk) -> None:
    """The default listener: nobody looks at the completion while it grows."""


def _never() -> bool:
    """The default cancel flag."""
    return False


@dataclass(slots=True)
class Counters:
    """What the engine has done since it was loaded."""

    requests: int = 0
    prompt_tokens: int = 0
    computed_tokens: int = 0
    """Prompt tokens of requests that were not in the cache."""
    generated_tokens: int = 0
    warm_ups: int = 0
    written_ahead: int = 0
    """Answers that were begun before anybody asked."""
    warmed_tokens: int = 0
    """Prompt tokens that were computed before anybody asked."""
    ahead_tokens: int = 0
    """Tokens that were generated before anybody asked."""

    def count(self, result: Result, params: GenerationParams) -> None:
        """Add one finished completion."""
        if params.warm_up or params.ahead:
            self.warm_ups += params.warm_up
            self.written_ahead += params.ahead
            self.warmed_tokens += result.computed_tokens
            self.ahead_tokens += result.generated_tokens
            return
        self.requests += 1
        self.prompt_tokens += result.prompt_tokens
        self.computed_tokens += result.computed_tokens
        self.generated_tokens += result.generated_tokens


class Engine:
    """Completes prompts with one model, keeping what it computed for each session."""

    def __init__(
        self,
        model_dir: Path,
        model: Model,
        tokenizer: Tokenizer,
        profile: Profile,
        *,
        limits: CacheLimits | None = None,
        drafting: Drafting | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`drafting` None decodes token by token.

        `pace` cuts prompts into chunks; None for the one that suits the device.
        """
        limits = limits or CacheLimits()
        self.model_dir, self.model, self.tokenizer, self.profile = model_dir, model, tokenizer, profile
        self.config = model.config
        self.mtp = model.mtp_head()
        self.counters = Counters()
        device_bytes, host_bytes = limits.device_bytes, limits.host_bytes
        self.cache_bytes = device_budget(model.device) if device_bytes is None else device_bytes
        self._retention = fitting_retention(self.config, model.dtype, self.cache_bytes, limits.retention)
        self.max_positions = longest_sequence(self.config, model.dtype, self.cache_bytes, self._retention)
        self._shelf = CheckpointShelf(host_budget() if host_bytes is None else host_bytes)
        self.drafting = drafting
        self._sessions = SessionCache(self._new_session, max_sessions=MAX_SESSIONS, max_bytes=self.cache_bytes)
        self._encoders = PromptEncoders(tokenizer, MAX_SESSIONS)
        self._tools = Tools(model, tokenizer, profile, Healer(tokenizer), pace or Pace.of(model.device), clock)
        self._parameters = count_parameters(model.weights)

    @classmethod
    def load(  # noqa: PLR0913 -- all but the folder are named
        cls,
        model_dir: Path,
        *,
        dtype: torch.dtype | None = None,
        device: str | None = None,
        cache_bytes: int | None = None,
        draft: bool | None = False,
        cache_dir: Path | None = None,
        profile_file: Path | None = None,
        format: FormatName | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> "Engine":
        """Load a model directory in the Hugging Face layout or a GGUF file; a ModelError says what is wrong with it.

        `cache_bytes` of device memory are for keys and values, None stands for what the device has to spare.
        `profile_file` is what the user says against the checkpoint's files; None looks for it beside the weights.
        Device and dtype are those of devices.default_place where they are not given.
        With `draft` tokens are drafted where that pays, None does so on a processor: the first time a device meets the
        model a few seconds go into measuring what passes cost, which is kept in `cache_dir`, if there is one, and so
        are packed weights. `format` is what weights are kept as, None for the best that fits; SettingError where it
        cannot fit.
        """
        files = model_files(model_dir)
        place = default_place(device)
        kind = dtype or place.dtype
        started = clock()
        overrides = files.overrides(profile_file)
        config = overrides.apply(files.config())
        tokenizer = files.tokenizer(config)
        profile = files.profile(config, tokenizer, overrides)
        limits = CacheLimits(device_bytes=cache_bytes)
        model = assemble_from(files, config, place.device, kind, format, cache_dir)
        wanted = drafts_by_itself(model) if draft is None else draft
        drafting = _drafting_of(model, tokenizer, cache_dir, model_dir) if wanted else None
        engine = cls(model_dir, model, tokenizer, profile, limits=limits, drafting=drafting, clock=clock)
        logger.info(
            "loaded %s in %.1f s: %d parameters, %s, %s",
            model_dir,
            clock() - started,
            engine._parameters,
            kind,
            place.why,
        )
        return engine

    def begin(
        self,
        session: str,
        prompt: Prompt,
        params: GenerationParams,
        *,
        on_chunk: OnChunk = _ignore,
        predicted: str = "",
        temperature: Temperature | None = None,
    ) -> Completion:
        """Prepare to complete the text at the cursor, and compute nothing yet: that is done by the steps.

        `session` names the editing place whose cache is reused. Chunks are handed out as they grow; joined they are
        the result's text. `predicted` is a text that may come, in whole or in parts, to draft from; it changes the time
        only. With a `temperature` tokens are drawn instead of the likeliest taken. RequestError if the model cannot do
        fill-in-the-middle or the budget leaves no room for a prompt.
        """
        started = self._tools.clock()
        kept_prefix, typed = self._tools.healer.split(prompt.prefix)
        params = replace(params, max_tokens=params.max_tokens + len(self.tokenizer.encode(typed)))
        layout = self._lay_out(session, replace(prompt, prefix=kept_prefix), params.max_tokens)
        rule = make_rule(params.stop, prompt.prefix, prompt.suffix)
        wanted = Wanted(layout.ids, typed, rule, params, started, predicted, temperature, self.drafting)
        return self._completion(session, wanted, layout, on_chunk)

    def begin_chat(
        self,
        session: str,
        messages: Sequence[Message],
        max_tokens: int,
        *,
        thinking: bool = False,
        predicted: str = "",
        on_chunk: OnChunk = _ignore,
    ) -> Completion:
        """Prepare to answer a conversation as `begin` does; the model's thoughts count, but are not shown.

        `predicted` is a text that the answer may begin with, or hold in parts; it changes the time only.

        RequestError if the model cannot chat, or if conversation and answer are too long for it: nothing is cut, since
        an answer to half a question would be taken for one to the whole.
        """
        started = self._tools.clock()
        chat = self._chat_format()
        try:
            ids = chat.ids(messages, thinking=thinking)
        except ConfigError as error:
            raise RequestError(str(error)) from error
        if len(ids) + max_tokens > self.max_positions:
            raise RequestError(
                f"the conversation has {len(ids)} tokens and its answer up to {max_tokens}, "
                f"wanted no more than {self.max_positions} in all"
            )
        thoughts = Thoughts(chat.think_id, chat.end_of_think_id, chat.thinks(ids))
        # No stop rule: code that repeats itself is what some questions are about.
        rule, params = make_rule("none", ""), GenerationParams(max_tokens, "none")
        wanted = Wanted(ids, "", rule, params, started, predicted, None, self.drafting, thoughts)
        return self._completion(session, wanted, Layout(ids, (), []), on_chunk)

    def _chat_format(self) -> ChatFormat:
        if self.profile.chat is None:
            raise RequestError(f"the model {shown_name(self.model_dir)} cannot chat: {self.profile.no_chat}")
        return self.profile.chat

    def _completion(self, session: str, wanted: Wanted, layout: Layout, on_chunk: OnChunk) -> Completion:
        lease = self._sessions.take(session, layout.ids, layout.anchors, layout.context)

        def end(lease: Lease, result: Result) -> None:
            self._sessions.give_back(lease)
            self.counters.count(result, wanted.params)

        return Completion(self._tools, lease, wanted, on_chunk=on_chunk, on_end=end)

    def complete(
        self,
        session: str,
        prompt: Prompt,
        params: GenerationParams,
        *,
        on_chunk: OnChunk = _ignore,
        cancelled: Callable[[], bool] = _never,
        predicted: str = "",
        temperature: Temperature | None = None,
    ) -> Result:
        """All steps of `begin` at once; `cancelled` is looked at before each."""
        run = self.begin(session, prompt, params, on_chunk=on_chunk, predicted=predicted, temperature=temperature)
        while not cancelled():
            if (result := run.step()) is not None:
                return result
        return run.cancel()

    def prompt_ids(self, prompt: Prompt, max_tokens: int) -> list[int]:
        """The ids of a prompt that leaves room for `max_tokens` more."""
        return self._lay_out("", prompt, max_tokens).ids

    def _lay_out(self, session: str, prompt: Prompt, max_tokens: int) -> Layout:
        if self.profile.fim is None:
            raise RequestError(f"{self.model_dir} has no fill-in-the-middle tokens: it cannot complete at a cursor")
        step = max(1, min(ROOM_STEP, self.max_positions // ROOM_SHARE))
        room = -(-max_tokens // step) * step
        return lay_out(
            prompt,
            self.profile.fim,
            self._encoders.of(session),
            order=self.profile.fim_order,
            limit=self.max_positions - room,
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
        session = Session(self.model.new_cache(self._retention, self._shelf))
        hidden = at_once(prefill(self.model, session, prompt_ids, self._tools.pace))
        stops = self.profile.stop_ids if stop_ids is None else stop_ids
        return list(greedy(self.model, session, hidden, max_tokens, stops))

    def drop_sessions(self) -> None:
        """Free the memory of all sessions; the next request of each starts from nothing."""
        self._sessions.clear()
        self._encoders.clear()

    def status(self) -> dict[str, object]:
        """Facts and counters for people and tools; JSON types only."""
        counters = self.counters
        reused = counters.prompt_tokens - counters.computed_tokens
        return {
            "model": shown_name(self.model_dir),
            "model_dir": str(self.model_dir),
            "parameters": self._parameters,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "format": format_of(self.model.weights),
            "device": str(self.model.device),
            # Of passes over one token, and over several.
            "threads": list(threads_in_use()),
            "max_positions": self.max_positions,
            "mtp": self.mtp is not None,
            "drafting": self._drafting_status(),
            "no_chat": self.profile.no_chat,
            "sessions": len(self._sessions),
            "cached_tokens": self._sessions.num_tokens,
            "kv_bytes": self._sessions.num_bytes,
            "kv_bytes_most": self.cache_bytes,
            "checkpoint_bytes": self._shelf.num_bytes,
            "requests": counters.requests,
            "prompt_tokens": counters.prompt_tokens,
            "computed_tokens": counters.computed_tokens,
            "reused_tokens": reused,
            "hit_rate": round(reused / counters.prompt_tokens, 4) if counters.prompt_tokens else None,
            "generated_tokens": counters.generated_tokens,
            "warm_ups": counters.warm_ups,
            "written_ahead": counters.written_ahead,
            "ahead_tokens": counters.ahead_tokens,
            "warmed_tokens": counters.warmed_tokens,
        }

    def _drafting_status(self) -> dict[str, object] | None:
        """Where drafts come from and what became of them; None where every token is decoded alone."""
        if self.drafting is None:
            return None
        used = [name for name in self.drafting.sources if name != "mtp" or self.mtp is not None]
        return {"available": used, **self.drafting.tally.figures()}

    def _new_session(self) -> Session:
        follower = None
        if self.mtp is not None and self.drafting is not None and self.drafting.uses_mtp:
            follower = MtpFollower(self.mtp, self._retention)
        return Session(self.model.new_cache(self._retention, self._shelf), follower)


def drafts_by_itself(model: Model) -> bool:
    """Whether tokens are drafted where nobody has said.

    On a GPU they are not: with the embedded model, whose passes take 0.3 ms there, it neither gained nor lost much, and
    of tokens with nearly equal scores its kernels may take another with several rows than with one.
    """
    return model.device.type == "cpu"


def _drafting_of(model: Model, tokenizer: Tokenizer, cache_dir: Path | None, model_dir: Path) -> Drafting:
    """Drafting from all sources that the checkpoint allows, by what passes cost on this device."""
    head = model.mtp_head()
    model.prepare_drafts()
    if cache_dir is None:
        costs = measure(model, head, tokenizer)
    else:
        stamp = (model_dir / "config.json").stat()
        facts = (model_dir, stamp.st_size, stamp.st_mtime_ns, head is not None)
        costs = costs_of(model, head, tokenizer, cache_dir, *facts)
    return Drafting(Adaptive(costs), DraftVocabulary(model.weights.lm_head))


def count_parameters(weights: ModelWeights) -> int:
    """Number of trained values, as the checkpoint counts them: a tied head and shared norms once."""
    layers = [*weights.layers, *([] if weights.mtp is None else [weights.mtp.layer])]
    tensors: list[Weight] = [weights.embedding, weights.norm]
    if weights.lm_head is not weights.embedding:
        tensors.append(weights.lm_head)
    if weights.mtp is not None:
        mtp = weights.mtp
        tensors += [mtp.embedding_norm, mtp.hidden_norm, mtp.projection, mtp.norm]
    for layer in layers:
        mlp = layer.mlp
        tensors += [layer.input_norm, layer.qkv, layer.output, layer.mlp_norm, layer.qk_norm[:2]]
        tensors += [getattr(mlp, name) for name in mlp.__slots__]
    return sum(map(weight_count, tensors))

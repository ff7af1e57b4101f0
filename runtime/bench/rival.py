"""transformers' own generation of the same checkpoint, to be measured beside ours.

Knows how to make it write exactly as many tokens as asked and to tell of each; times nothing.
"""

import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from mellum_ls.runtime.cache.sessions import common_prefix
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.use_threads import most_threads


class TransformersRival:
    """Greedy `generate` with transformers' cache, its default attention and experts, on all threads that we may use."""

    def __init__(self, model_dir: Path, dtype: torch.dtype, device: torch.device) -> None:
        """Load the checkpoint. BenchmarkError if transformers is not installed."""
        transformers = import_transformers()
        transformers.utils.logging.disable_progress_bar()
        # Its report of the MTP tensors, which it leaves out, is no news here.
        logging.getLogger("transformers").setLevel(logging.ERROR)
        model = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=dtype, local_files_only=True)
        self._model = model.to(device).eval()
        # A fresh one: the checkpoint's own would end at its stop ids, and both must write the same number.
        self._model.generation_config = transformers.GenerationConfig(do_sample=False, pad_token_id=0)
        self._new_cache: Callable[[], Any] = transformers.DynamicCache
        self._cache = self._new_cache()
        self._held: list[int] = []
        self.facts: Mapping[str, Any] = {
            "name": "transformers",
            "version": transformers.__version__,
            "attention": model.config._attn_implementation,
            "experts": model.config._experts_implementation,
        }

    @torch.inference_mode()
    def generate(self, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]) -> None:
        """Greedy ids after the prompt, exactly `tokens` of them, with no cache from before."""
        ids = torch.tensor([list(prompt)], dtype=torch.int64, device=self._model.device)
        with most_threads():
            self._model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, streamer=_Streamer(on_token)
            )

    @torch.inference_mode()
    def resume(self, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]) -> None:
        """As `generate`, but going on from the cache of the prompt before, cut to what both begin with.

        The cache keeps all positions of all layers, since one that lets old ones go cannot be cut.
        """
        kept = min(common_prefix(self._held, prompt), len(prompt) - 1)
        if not kept:
            self._cache = self._new_cache()
        elif kept < len(self._held):
            self._cache.crop(kept - len(self._held))  # as a number of positions to remove
        found: list[int] = []

        def listen(token: int) -> None:
            found.append(token)
            on_token(token)

        ids = torch.tensor([list(prompt)], dtype=torch.int64, device=self._model.device)
        with most_threads():
            self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=tokens,
                streamer=_Streamer(listen),
                past_key_values=self._cache,
            )
        self._held = [*prompt, *found[:-1]]


class _Streamer:
    """What `generate` tells of its progress: the prompt first, then every new id."""

    def __init__(self, on_token: Callable[[int], None]) -> None:
        self._on_token = on_token
        self._prompt_seen = False

    def put(self, value: torch.Tensor) -> None:
        """Ids that `generate` has just fixed."""
        if self._prompt_seen:
            for token in value.flatten().tolist():
                self._on_token(token)
        self._prompt_seen = True

    def end(self) -> None:
        """Nothing is held back."""


def import_transformers(name: str = "transformers") -> ModuleType:
    """The library, which only this comparison uses, and only when asked for.

    It is a tool of the developer, no dependency of the package: an import statement would make it one in the
    eyes of whoever reads or packages the code, hence the import by name.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise BenchmarkError(
            f"{name} cannot be imported ({error}); install it to compare against it, or leave --against out"
        ) from error

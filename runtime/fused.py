"""The decoder with its passes over few tokens as fused kernels, replayed from CUDA graphs; longer ones layer by layer.

Computes what Model computes, to rounding. Knows when a pass can go the fast way, not what the kernels do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch, cdiv, next_power
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import packed
from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.graphs import Graphs
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.step import Inputs, Shape, Step
from mellum_ls.runtime.weights import ModelWeights

# Passes over contexts of up to four times the length share a graph: the splits of attention fit either about as well.
LEAST_CONTEXT, CONTEXT_FACTOR = 256, 4
# Positions of a program of attention: fewer would leave each too little, more leave processors idle.
POSITIONS_PER_SPLIT = 256
MOST_SPLITS = 32
# One row and several are different kernels, and attention has one for each of these numbers up to its tile's.
PREPARED_ROWS = (1, 2, 4, MOST_ROWS)
PREPARED_PROMPT = MOST_ROWS + 1


def context_bucket(length: int) -> int:
    """The length that a step for a context of `length` positions is made for."""
    bucket = LEAST_CONTEXT
    while bucket < length:
        bucket *= CONTEXT_FACTOR
    return bucket


def splits_for(context: int, window: int | None) -> int:
    """Programs that share what a position sees behind `context` others."""
    seen = context if window is None else min(context, window)
    return min(MOST_SPLITS, next_power(cdiv(seen, POSITIONS_PER_SPLIT)))


@dataclass(slots=True)
class Head:
    """The scores of a step's states, [T, V] float32, and what computes them."""

    logits: Tensor
    launch: Launch


class FusedModel(Model):
    """A Model on a device with Triton. One pass at a time: its buffers are one set."""

    implementation = "fused kernels"

    def __init__(self, config: ModelConfig, weights: ModelWeights, tuning: Tuning | None = None) -> None:
        super().__init__(config, weights)
        if tuning is None:
            capability = torch.cuda.get_device_capability(self.device) if self.device.type == "cuda" else (0, 0)
            tuning = Tuning.of(capability)
        self._tuning = tuning
        self.graphs = Graphs(self.device)
        self._inputs = Inputs.new(config.num_hidden_layers, self.device)
        pinned = self.device.type == "cuda"
        self._words = torch.zeros(2 + MOST_ROWS, dtype=torch.int32, pin_memory=pinned)
        self._places: tuple[int, ...] = ()
        self._steps: dict[tuple[int, int], Step] = {}
        self._heads: dict[int, Head] = {}
        # All steps leave their states here, so that one head for each number of rows serves all of them.
        self._hidden = torch.zeros(MOST_ROWS, config.hidden_size, dtype=self.dtype, device=self.device)
        self._last = (self._hidden[:0], self._hidden[:0])
        # Graphs hold addresses: the tables must not move, so they are made whole at once.
        self._angles = {kind: self.rope.whole(kind) for kind in config.rope}

    @torch.inference_mode()
    def forward(self, ids: Tensor, cache: KVCache) -> Tensor:
        """As Model.forward."""
        count = ids.shape[0]
        if count > MOST_ROWS:
            return super().forward(ids, cache)
        cache.reserve(count)
        self._put(ids, cache)
        context = context_bucket(cache.length)
        step, head = self.step(count, context), self.head(count)

        def work() -> None:
            step.run()
            head.launch.run()

        self.graphs.run((count, context), work)
        cache.advance(count)
        # Whoever asks for the scores of these states, or of some, finds them; they are the same for any rows.
        self._last = (step.hidden.clone(), head.logits)
        return self._last[0]

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """As Model.logits; in float32 for the states of the last short pass."""
        states, logits = self._last
        place, rest = divmod(hidden.data_ptr() - states.data_ptr(), hidden.stride(0) * hidden.element_size())
        if not rest and 0 <= place <= len(states) - len(hidden) and hidden.is_contiguous():
            return logits[place : place + len(hidden)].clone()
        return super().logits(hidden)

    def prepare(self) -> None:
        """Compile what passes will need: the first time on a machine takes half a minute, which no key should wait for.

        Kernels are kept on disk by Triton; graphs of the passes that are met most are captured as well.
        """
        cache = self.new_cache()
        for count in (PREPARED_PROMPT, *PREPARED_ROWS):
            self.logits(self.forward(torch.zeros(count, dtype=torch.int64, device=self.device), cache)[-1:])

    def _put(self, ids: Tensor, cache: KVCache) -> None:
        """Write what this pass reads from the device: one copy, and another where the cache has moved."""
        if self.device.type == "cuda":
            # The copy of the pass before has been read: its result was waited for before the next ids were known.
            torch.cuda.current_stream(self.device).synchronize()
        self._words[0], self._words[1] = cache.length, cache.first
        self._words[2 : 2 + len(ids)] = ids
        self._inputs.words.copy_(self._words, non_blocking=True)
        places = cache.places()
        if places is not self._places:
            self._places = places
            self._inputs.places.copy_(torch.tensor(places, dtype=torch.int64).view(-1, 2))

    def step(self, rows: int, context: int) -> Step:
        """The launches of a pass of so many rows, for contexts of this bucket."""
        found = self._steps.get((rows, context))
        if found is None:
            found = self._steps[rows, context] = self.new_step(rows, context, self._tuning)
        return found

    def new_step(
        self, rows: int, context: int, tuning: Tuning, splits: Mapping[AttentionType, int] | None = None
    ) -> Step:
        """The same with other tiles or splits and its own buffers; it reads the inputs of this model's last pass."""
        splits = splits or {kind: splits_for(context, self.config.window_of(kind)) for kind in self.config.rope}
        return Step(
            self.config, self.weights, self._angles, self._inputs, Shape(rows, splits), tuning, self._hidden[:rows]
        )

    def head(self, rows: int) -> Head:
        """The scores of so many states."""
        found = self._heads.get(rows)
        if found is None:
            found = self._heads[rows] = self.new_head(rows, self._tuning)
        return found

    def new_head(self, rows: int, tuning: Tuning) -> Head:
        """The same with other tiles."""
        weight = packed(self.weights.lm_head)
        if not weight.data.is_contiguous():
            # On a CPU it lies by columns.
            weight = replace(weight, data=weight.data.contiguous())
        logits = torch.empty(rows, weight.rows, dtype=torch.float32, device=self.device)
        launch = project("head", self._hidden[:rows], weight, logits, tuning.tile("head", weight, rows))
        return Head(logits, launch)

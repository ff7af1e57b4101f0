"""Drafting with the MTP layer as fused kernels replayed from CUDA graphs: one copy to the host for each drafted token.

Computes what MtpHead computes, to rounding. Knows when an entry can be made the fast way, not what the kernels do.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary, drafted_size
from mellum_ls.runtime.graphs import Graphs
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import Guess, MtpHead
from mellum_ls.runtime.mtp_step import AHEAD, MtpStep
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Shape, context_bucket, splits_for
from mellum_ls.runtime.weights import ModelWeights, MtpWeights

# One row and several are different kernels, and attention has one for each of these numbers up to its tile's.
PREPARED_ROWS = (1, 2, 4, MOST_ROWS)
# Entries that a draft makes in passes of up to 16 before its own; of more, all but the last 16 go layer by layer, which
# takes a GPU as long as twenty such passes, however few they are.
MOST_CAUGHT_UP = 8 * MOST_ROWS


class MtpSteps:
    """The steps of one model's MTP layer with their buffers: one draft at a time. Does not hold the model."""

    def __init__(self, config: ModelConfig, weights: ModelWeights, angles: Angles, tuning: Tuning) -> None:
        self._config, self._weights, self._angles, self._tuning = config, weights, angles, tuning
        self.device = weights.norm.device
        self.graphs = Graphs(self.device)
        self.positions = len(angles[config.mtp_layer_type][0]) - AHEAD
        """An entry at this place or behind has no angles."""
        self._inputs = Inputs(1, self.device)
        self._steps: dict[tuple[int, int, int | None], MtpStep] = {}
        # All steps leave their state here, where the next one finds it.
        self._hidden = torch.zeros(1, config.hidden_size, dtype=weights.norm.dtype, device=self.device)
        self._found = torch.zeros(2, dtype=torch.int32, pin_memory=self.device.type == "cuda")
        numbers = self._found.numpy()
        self._found_id, self._found_share = numbers[:1], numbers[1:].view("float32")
        # Graphs hold addresses: ids that are drafted change in place, and were copied last from the tensor beside.
        self._vocabularies: dict[int, tuple[Tensor, Tensor]] = {}

    def step(self, rows: int, splits: int, size: int | None) -> MtpStep:
        """The launches for so many entries, and for a vocabulary of `size` ids, None for all."""
        found = self._steps.get((rows, splits, size))
        if found is None:
            shape = Shape(rows, {self._config.mtp_layer_type: splits})
            vocabulary = None if size is None else self._vocabularies[size][0]
            found = self._steps[rows, splits, size] = MtpStep(
                self._config, self._weights, self._angles, self._inputs, shape, self._tuning, self._hidden, vocabulary
            )
        return found

    @torch.inference_mode()
    def draft(
        self, hidden: Tensor, next_ids: Sequence[int], cache: KVCache, ids: Tensor | None
    ) -> tuple[int, float, Tensor]:
        """Make entries of `hidden` [T, H] and `next_ids` [T], T at most 16; (likeliest id, its probability, state).

        ids [N] int64, on the host: those that are drafted, None for all. The state [1, H] may be fed back in; it holds
        until the next call. Waits for the device.
        """
        assert hidden.is_contiguous(), "the kernels find the states by the address of the first alone"
        rows, size = len(next_ids), None if ids is None else len(ids)
        cache.reserve(rows)
        if ids is not None:
            self._use(ids)
        self._inputs.write(cache.length, cache.first, next_ids, cache.places(), hidden.data_ptr())
        self._replay(rows, self._splits(cache.length), size)
        cache.advance(rows)
        return int(self._found_id[0]), float(self._found_share[0]), self._hidden

    def _replay(self, rows: int, splits: int, size: int | None) -> None:
        """A draft by what was written to the inputs; waits for the device."""
        step = self.step(rows, splits, size)

        def work() -> None:
            self._inputs.send()
            step.run()
            self._found.copy_(step.drafted, non_blocking=True)

        self.graphs.run((rows, splits, size), work)
        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()

    def _splits(self, length: int) -> int:
        """Programs that share what an entry sees behind `length` others."""
        return splits_for(context_bucket(length), self._config.window_of(self._config.mtp_layer_type))

    @torch.inference_mode()
    def prepare(self, cache: KVCache, contexts: Sequence[int]) -> None:
        """Compile all drafts and capture those behind up to so many positions; the cache is empty, and is again.

        A pass that checked k drafts leaves up to k + 1 entries to be made with the next draft: of all numbers of rows.
        Before enough tokens were seen all ids are drafted from, then few of them.
        """
        size = len(self._weights.lm_head)
        drafted = drafted_size(size)
        some = None if drafted == size else torch.arange(drafted)
        states = self._hidden.new_zeros(MOST_ROWS, self._hidden.shape[1])
        # Where nothing is captured, kernels are compiled all the same: that depends on few of the numbers.
        captures = self.graphs.reason is None
        every = range(1, MOST_ROWS + 1) if captures else PREPARED_ROWS
        for ids in dict.fromkeys((None, some)):
            if ids is not None:
                self._use(ids)
            for splits in dict.fromkeys(map(self._splits, contexts)):
                for rows in every:
                    cache.reserve(rows)
                    self._inputs.write(0, 0, [0] * rows, cache.places(), states.data_ptr())
                    for _ in range(1 + captures):  # a graph is brought to the device when it is first replayed
                        self._replay(rows, splits, None if ids is None else drafted)

    def _use(self, ids: Tensor) -> None:
        """Let the ids be those that are drafted. They are others each time a vocabulary is chosen anew."""
        size = len(ids)
        here = self._vocabularies.get(size)
        if here is None:
            here = torch.empty(size, dtype=torch.int32, device=self.device), ids[:0]
        if here[1] is not ids:
            here[0].copy_(ids)
            self._vocabularies[size] = here[0], ids


class FusedMtpHead(MtpHead):
    """An MtpHead whose likeliest drafts come from `steps`."""

    # The drafts that a prompt's last pass checked are among the missing ones, and most of them go again.
    leaves = MOST_CAUGHT_UP - 1

    def __init__(self, model: Model, weights: MtpWeights, steps: MtpSteps) -> None:
        super().__init__(model, weights)
        self._steps = steps

    @torch.inference_mode()
    def guess(self, hidden: Tensor, next_ids: Sequence[int], cache: KVCache, vocabulary: DraftVocabulary) -> Guess:
        """As MtpHead.guess; the state holds until the next call."""
        count = len(next_ids)
        if cache.length + count > self._steps.positions:
            return super().guess(hidden, next_ids, cache, vocabulary)
        done = 0
        if count > MOST_CAUGHT_UP:
            done = count - MOST_ROWS
            self.forward(hidden[:done], torch.tensor(next_ids[:done], device=hidden.device), cache, 1)
        ids = vocabulary.chosen()
        while True:
            part = next_ids[done : done + MOST_ROWS]
            found = self._steps.draft(hidden[done : done + len(part)], part, cache, ids)
            done += len(part)
            if done == count:
                return Guess(*found)

"""The decoder with its passes over few tokens as fused kernels, replayed from CUDA graphs; longer ones layer by layer.

Computes what Model computes, to rounding. Knows when a pass can go the fast way, not what the kernels do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import packed
from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.fused_mtp import FusedMtpHead, MtpSteps
from mellum_ls.runtime.graphs import Graphs
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import MtpHead
from mellum_ls.runtime.step import Step
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Shape, context_bucket, splits_for
from mellum_ls.runtime.weights import ModelWeights

# One row and several are different kernels, and attention has one for each of these numbers up to its tile's.
PREPARED_ROWS = (1, 2, 4, MOST_ROWS)
PREPARED_PROMPT = MOST_ROWS + 1
# Up to these lengths, which editors' prompts have, passes of all numbers of rows are captured before drafting begins,
# which makes all of them: a capture takes as long as a hundred passes of a small model.
PREPARED_CONTEXTS = (256, 1024, 4096)


@dataclass(slots=True)
class Head:
    """The scores of a step's states, [T, V] float32, what computes them, and the likeliest ids [T] int64."""

    logits: Tensor
    launch: Launch
    ids: Tensor

    def run(self) -> None:
        """Compute the scores and the ids."""
        self.launch.run()
        torch.argmax(self.logits, dim=-1, out=self.ids)


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
        self._inputs = Inputs(config.num_hidden_layers, self.device)
        # The likeliest ids of the last short pass, on the host: it brings them along.
        self._found = torch.zeros(MOST_ROWS, dtype=torch.int64, pin_memory=self.device.type == "cuda")
        self._arrived = True
        self._steps: dict[tuple[int, int], Step] = {}
        self._heads: dict[int, Head] = {}
        # All steps leave their states here, so that one head for each number of rows serves all of them.
        self._hidden = torch.zeros(MOST_ROWS, config.hidden_size, dtype=self.dtype, device=self.device)
        self._last = (self._hidden[:0], self._hidden[:0])
        # Graphs hold addresses: the tables must not move, so they are made whole at once.
        self._angles = {kind: self.rope.whole(kind) for kind in config.rope}
        self._mtp = None if weights.mtp is None else MtpSteps(config, weights, self._angles, tuning)

    def mtp_head(self) -> MtpHead | None:
        """As Model.mtp_head; all heads share their steps."""
        weights = self.weights.mtp
        return None if weights is None or self._mtp is None else FusedMtpHead(self, weights, self._mtp)

    @torch.inference_mode()
    def forward(self, ids: Tensor, cache: KVCache) -> Tensor:
        """As Model.forward."""
        count = ids.shape[0]
        if count > MOST_ROWS:
            return super().forward(ids, cache)
        cache.reserve(count)
        # The host's block may be written to when the pass before has read it.
        self._wait()
        self._inputs.write(cache.length, cache.first, ids.tolist(), cache.places())
        step, head = self._replay(count, context_bucket(cache.length))
        cache.advance(count)
        # Whoever asks for the scores of these states, or of some, finds them; they are the same for any rows.
        self._last = (step.hidden.clone(), head.logits)
        return self._last[0]

    def _replay(self, count: int, context: int) -> tuple[Step, Head]:
        """A pass over what was written to the inputs, with the step and the head that it goes through."""
        step, head = self.step(count, context), self.head(count)

        def work() -> None:
            self._inputs.send()
            step.run()
            head.run()
            self._found[:count].copy_(head.ids, non_blocking=True)

        self._arrived = False
        self.graphs.run((count, context), work)
        return step, head

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """As Model.logits; in float32 for the states of the last short pass."""
        rows = self._rows_of(hidden)
        return super().logits(hidden) if rows is None else self._last[1][rows].clone()

    def likeliest(self, hidden: Tensor) -> list[int]:
        """As Model.likeliest; for the states of the last short pass nothing is computed or copied any more."""
        rows = self._rows_of(hidden)
        if rows is None:
            return super().likeliest(hidden)
        self._wait()
        found: list[int] = self._found[rows].tolist()
        return found

    def _rows_of(self, hidden: Tensor) -> slice | None:
        """Which states of the last short pass these are; None if they are others."""
        states = self._last[0]
        place, rest = divmod(hidden.data_ptr() - states.data_ptr(), hidden.stride(0) * hidden.element_size())
        if rest or not 0 <= place <= len(states) - len(hidden) or not hidden.is_contiguous():
            return None
        return slice(place, place + len(hidden))

    def _wait(self) -> None:
        """Wait for the last short pass."""
        if not self._arrived and self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()
        self._arrived = True

    @torch.inference_mode()
    def prepare(self) -> None:
        """Compile what passes will need: the first time on a machine takes half a minute, which no key should wait for.

        Kernels are kept on disk by Triton; graphs of the passes that are met most are captured as well.
        """
        cache = self.new_cache()
        for count in (PREPARED_PROMPT, *PREPARED_ROWS):
            self.likeliest(self.forward(torch.zeros(count, dtype=torch.int64), cache)[-1:])

    @torch.inference_mode()
    def prepare_drafts(self) -> None:
        """As Model.prepare_drafts: passes of all numbers of rows and drafts, captured and replayed once.

        Left to the first one that is met, each takes longer than a whole answer.
        """
        if self._mtp is not None:
            kind = self.config.mtp_layer_type
            self._mtp.prepare(KVCache(self.config, (kind,), self.device, self.dtype), PREPARED_CONTEXTS)
        cache = self.new_cache()
        # Where nothing is captured there is nothing more to prepare.
        for context in PREPARED_CONTEXTS if self.graphs.reason is None else ():
            for count in range(1, MOST_ROWS + 1):
                # How many positions there are does not matter to a graph, only how many it is made for.
                cache.reserve(count)
                self._wait()
                self._inputs.write(0, 0, [0] * count, cache.places())
                for _ in range(2):  # a graph is brought to the device when it is first replayed
                    self._replay(count, context)

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
        return Head(logits, launch, torch.empty(rows, dtype=torch.int64, device=self.device))

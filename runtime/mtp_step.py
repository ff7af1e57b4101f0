"""One step of the MTP layer over a few tokens, as launches of fused kernels: from states and ids to one drafted token.

Embedding and states are normalised and joined, projected, and go through the layer, of which only the last row comes
out; its scores give the likeliest id and how likely it is. Replayed like the model's steps (step.py); MtpHead (mtp.py)
says what it computes.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mellum_ls.kernels._triton.head import head, room_for_keys
from mellum_ls.kernels._triton.join import join
from mellum_ls.kernels._triton.normalise import normalise
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.sureness import sureness
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import packed
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Layers, Shape
from mellum_ls.runtime.weights import ModelWeights

AHEAD = 1
"""An entry is rotated by the position of the token that follows, one ahead of its own."""


class MtpStep:
    """The launches for `shape.rows` entries, whose places are the first of the inputs."""

    def __init__(
        self,
        config: ModelConfig,
        weights: ModelWeights,
        angles: Angles,
        inputs: Inputs,
        shape: Shape,
        tuning: Tuning,
        hidden: Tensor,
        vocabulary: Tensor | None,
    ) -> None:
        """`hidden` [1, H]: where the last row's state goes; `vocabulary` [N] int32: ids that are drafted, None for all.

        Both are read or written wherever they lie when a launch runs.
        """
        mtp, eps, rows = weights.mtp, config.rms_norm_eps, shape.rows
        assert mtp is not None, "the model has no MTP layer"
        layers = Layers(
            config, weights.norm, angles, inputs, replace(shape, ahead=AHEAD, last=True), tuning
        )  # fmt: skip
        projection, lm_head = packed(mtp.projection), packed(weights.lm_head)
        if not lm_head.data.is_contiguous():
            # On a CPU it lies by columns.
            lm_head = replace(lm_head, data=lm_head.data.contiguous())
        joined = layers.room(rows, 2 * config.hidden_size)
        device = hidden.device
        count = lm_head.rows if vocabulary is None else len(vocabulary)
        self.logits = torch.empty(1, count, dtype=torch.float32, device=device)
        """[1, N] float32: the scores of the drafted ids."""
        self.drafted = torch.empty(2, dtype=torch.int32, device=device)
        """[2] int32: the likeliest id, and the bits of its probability as float32."""
        ids, largest = torch.empty(1, dtype=torch.int32, device=device), torch.empty(1, device=device)
        layered = [
            project("mtp", joined, projection, layers.stream, tuning.tile("qkv", projection, rows)),
            *layers.launches(mtp.layer, config.mtp_layer_type, inputs.places[0]),
            normalise("norm", layers.out, mtp.norm, hidden, eps),
        ]
        if tuning.overlaps:
            layered = [launch.waiting(launch.name in tuning.early) for launch in layered]
        self.launches = [
            join(
                inputs.ids(rows), weights.embedding, inputs.source, mtp.embedding_norm, mtp.hidden_norm, joined, eps
            ),
            *layered,
            head(
                hidden, None, lm_head, self.logits, ids, largest, room_for_keys(1, device),
                tuning.tile("likeliest", lm_head, 1), eps=eps, vocabulary=vocabulary,
            ),
            sureness(self.logits, ids, largest, self.drafted),
        ]  # fmt: skip

    def run(self) -> None:
        """Launch all of it."""
        for launch in self.launches:
            launch.run()

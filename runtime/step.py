"""One pass of the decoder over a few tokens, as launches of fused kernels and the buffers between them.

The embedding, the layers (step_layer.py) and the last norm. The buffers stay where they are, and what changes from pass
to pass is read from the device, so that a pass can be replayed. Knows neither sessions nor text; the plain model
(model.py) says what it computes.
"""

from __future__ import annotations

from torch import Tensor

from mellum_ls.kernels._triton.embed import embed
from mellum_ls.kernels._triton.normalise import normalise
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Layers, Shape
from mellum_ls.runtime.weights import ModelWeights


class Step:
    """The launches of one pass over `shape.rows` tokens. `hidden` [T, H] is where its result lies, after the norm."""

    def __init__(
        self,
        config: ModelConfig,
        weights: ModelWeights,
        angles: Angles,
        inputs: Inputs,
        shape: Shape,
        tuning: Tuning,
        hidden: Tensor | None = None,
    ) -> None:
        """`hidden` [T, H]: where the result goes; None for a place of its own."""
        self._layers = layers = Layers(config, weights.embedding, angles, inputs, shape, tuning)
        self.hidden = layers.room(shape.rows, config.hidden_size) if hidden is None else hidden
        self.launches = [embed(inputs.ids(shape.rows), weights.embedding, layers.stream)]
        for index, layer in enumerate(weights.layers):
            self.launches += layers.launches(layer, config.layer_types[index], inputs.places[index])
        self.launches.append(normalise("norm", layers.stream, weights.norm, self.hidden, config.rms_norm_eps))
        if tuning.overlaps:
            # The first follows what is not ours, a copy of the inputs.
            self.launches[1:] = [launch.waiting(launch.name in tuning.early) for launch in self.launches[1:]]

    def run(self) -> None:
        """Launch all of it."""
        for launch in self.launches:
            launch.run()

    @property
    def workspace(self) -> int:
        """Bytes of the buffers between the launches."""
        return self._layers.workspace + self.hidden.nbytes

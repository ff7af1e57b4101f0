"""The multi-token prediction layer: from a hidden state and the token that follows, logits of the token after that.

Shares embedding and lm_head with the model and has a cache of its own. Does not decide whether to draft.
"""

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear

from mellum_ls.kernels import rms_norm
from mellum_ls.runtime.kv_cache import KVCache
from mellum_ls.runtime.model import Model, decoder_layer
from mellum_ls.runtime.weights import MtpWeights


class MtpHead:
    """Drafts with one extra decoder layer.

    Entry i of its cache belongs to the pair (hidden state of position i, token i + 1).
    """

    def __init__(self, model: Model, weights: MtpWeights) -> None:
        self._model, self._weights = model, weights

    def new_cache(self) -> KVCache:
        """An empty cache for one sequence."""
        return KVCache(self._model.config, 1, self._model.device, self._model.dtype)

    @torch.inference_mode()
    def forward(self, hidden: Tensor, next_ids: Tensor, cache: KVCache) -> Tensor:
        """Return the layer's hidden states [T, H], after its norm.

        hidden [T, H]: the model's states after its final norm, of the positions that follow those in the cache;
        next_ids [T] int64: the token after each. Feed the result back in as `hidden` to draft one token further.
        """
        config, weights = self._model.config, self._weights
        eps, count = config.rms_norm_eps, next_ids.shape[0]
        embedded = rms_norm(embedding(next_ids, self._model.weights.embedding), weights.embedding_norm, eps)
        x = linear(torch.cat((embedded, rms_norm(hidden, weights.hidden_norm, eps)), dim=-1), weights.projection)
        # Positions are those of the next tokens, one ahead of the cache.
        angles = self._model.rope.rows(config.mtp_layer_type, cache.length + 1, count)
        x = decoder_layer(x, weights.layer, config, config.mtp_layer_type, angles, cache, 0)  # [T, H]
        cache.advance(count)
        return rms_norm(x, weights.norm, eps)

    def draft_logits(self, hidden: Tensor, next_ids: Tensor, cache: KVCache) -> Tensor:
        """Logits [T, V] of the token after each of `next_ids`; arguments as in `forward`."""
        return self._model.logits(self.forward(hidden, next_ids, cache))

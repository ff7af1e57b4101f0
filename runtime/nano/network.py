"""The embedded model as it is trained: batched, differentiable, compiled as one graph. The engine never uses it.

All experts run for every token and the unchosen ones are weighted zero: the same function as a sparse MoE, in two plain
matrix products, which a GPU does faster than it sorts tokens. Parameters are fp32, products run in the input's dtype.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.rope_tables import RopeTables

Tables = Mapping[AttentionType, tuple[Tensor, Tensor]]
Masks = Mapping[AttentionType, BlockMask | Tensor | None]


class Block(nn.Module):
    """One pre-norm decoder layer. Input and output [B, T, H]."""

    def __init__(self, config: ModelConfig, layer_type: AttentionType) -> None:
        super().__init__()
        self.config = config
        self.layer_type = layer_type
        hidden, inner = config.hidden_size, config.moe_intermediate_size
        q_width, kv_width = (
            config.num_attention_heads * config.head_dim,
            config.num_key_value_heads * config.head_dim,
        )
        self.input_norm = nn.Parameter(torch.ones(hidden))
        self.post_norm = nn.Parameter(torch.ones(hidden))
        self.q_norm = nn.Parameter(torch.ones(config.head_dim))
        self.k_norm = nn.Parameter(torch.ones(config.head_dim))
        self.q = _matrix(q_width, hidden)
        self.k = _matrix(kv_width, hidden)
        self.v = _matrix(kv_width, hidden)
        self.o = _matrix(hidden, q_width)
        self.router = _matrix(config.num_experts, hidden)
        self.gate = _matrix(config.num_experts, inner, hidden)
        self.up = _matrix(config.num_experts, inner, hidden)
        self.down = _matrix(
            config.num_experts, inner, hidden
        )  # [E, I, H]: transposed, so that experts lie side by side

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: BlockMask | Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the layer's output and the router's auxiliary loss (a scalar)."""
        x = x + self._attention(rms_norm(x, self.input_norm), cos, sin, mask)
        moe, auxiliary = self._experts(rms_norm(x, self.post_norm))
        return x + moe, auxiliary

    def _attention(self, x: Tensor, cos: Tensor, sin: Tensor, mask: BlockMask | Tensor | None) -> Tensor:
        c, (batch, length, _) = self.config, x.shape
        q = linear(x, self.q).view(batch, length, c.num_attention_heads, c.head_dim)
        k = linear(x, self.k).view(batch, length, c.num_key_value_heads, c.head_dim)
        v = linear(x, self.v).view(batch, length, c.num_key_value_heads, c.head_dim).transpose(1, 2)  # [B, Hkv, T, D]
        q = rotate(rms_norm(q, self.q_norm), cos, sin).transpose(1, 2)  # [B, Hq, T, D]
        k = rotate(rms_norm(k, self.k_norm), cos, sin).transpose(1, 2)
        if isinstance(mask, BlockMask):
            out = flex_attention(q, k, v, block_mask=mask, enable_gqa=True)
            assert isinstance(out, Tensor)
        else:
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=True)
        return linear(out.transpose(1, 2).reshape(batch, length, -1), self.o)

    def _experts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        c = self.config
        logits = F.linear(x.float(), self.router)  # [B, T, E]
        probabilities = logits.softmax(-1)
        top, chosen = probabilities.topk(c.num_experts_per_tok, dim=-1)
        if c.norm_topk_prob:
            top = top / top.sum(-1, keepdim=True)
        weights = torch.zeros_like(probabilities).scatter(-1, chosen, top)
        gate = linear(x, self.gate.flatten(0, 1))  # [B, T, E*I]
        up = linear(x, self.up.flatten(0, 1))
        inner = (F.silu(gate) * up).view(*weights.shape, -1) * weights.to(x.dtype).unsqueeze(-1)  # [B, T, E, I]
        out = inner.flatten(-2) @ self.down.flatten(0, 1).to(x.dtype)
        # Switch-style balance (Fedus 2021, eq. 4) and router z-loss (Zoph 2022, eq. 5).
        load = (weights > 0).float().mean((0, 1)) / c.num_experts_per_tok
        balance = c.num_experts * (load * probabilities.mean((0, 1))).sum()
        return out, balance + 0.1 * logits.logsumexp(-1).square().mean()


class Network(nn.Module):
    """The decoder with its MTP layer and the training loss."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        hidden = config.hidden_size
        self.embedding = nn.Parameter(torch.randn(config.vocab_size, hidden) * 0.02)
        self.head = nn.Parameter(torch.randn(config.vocab_size, hidden) * 0.02)
        self.blocks = nn.ModuleList(Block(config, kind) for kind in config.layer_types)
        self.norm = nn.Parameter(torch.ones(hidden))
        self.mtp_block = Block(config, config.mtp_layer_type)
        self.mtp_fc = _matrix(hidden, 2 * hidden)
        self.mtp_norm_embedding = nn.Parameter(torch.ones(hidden))
        self.mtp_norm_hidden = nn.Parameter(torch.ones(hidden))
        self.mtp_norm = nn.Parameter(torch.ones(hidden))
        for block in [*self.decoder_blocks, self.mtp_block]:
            for matrix in (block.o, block.down):  # residual branches start small (GPT-2 initialisation)
                matrix.data.mul_((2 * len(self.blocks)) ** -0.5)

    @property
    def decoder_blocks(self) -> list[Block]:
        """The layers in order, without the MTP layer."""
        return [block for block in self.blocks if isinstance(block, Block)]

    def forward(self, ids: Tensor, tables: Tables, masks: Masks) -> tuple[Tensor, Tensor]:
        """Hidden states after the final norm [B, T, H] (bf16 on a GPU), mean auxiliary loss. ids: int64 [B, T]."""
        x = self._embed(ids)
        auxiliary = torch.zeros((), device=ids.device)
        for block in self.decoder_blocks:
            x, extra = block(x, *tables[block.layer_type], masks[block.layer_type])
            auxiliary = auxiliary + extra
        return rms_norm(x, self.norm), auxiliary / len(self.blocks)

    def mtp(self, hidden: Tensor, next_ids: Tensor, tables: Tables, masks: Masks) -> Tensor:
        """State [B, T, H] that predicts the token behind `next_ids` [B, T], from the state that predicted those."""
        joined = torch.cat(
            [
                rms_norm(self._embed(next_ids), self.mtp_norm_embedding),
                rms_norm(hidden, self.mtp_norm_hidden),
            ],
            -1,
        )
        kind = self.mtp_block.layer_type
        x, _ = self.mtp_block(linear(joined, self.mtp_fc), *tables[kind], masks[kind])
        return rms_norm(x, self.mtp_norm)

    def losses(self, ids: Tensor, tables: Tables, masks: Masks, *, recurse: bool) -> dict[str, Tensor]:
        """Mean cross-entropies (nats) of t+1, t+2 by MTP and, where `recurse`, t+3 by MTP on its own output.

        ids: int64 [B, T + 3]; positions 0..T-1 are the inputs.
        """
        length = ids.shape[1] - 3
        hidden, auxiliary = self(ids[:, :length], tables, masks)
        out = {"main": self._loss(hidden, ids[:, 1 : length + 1]), "auxiliary": auxiliary}
        second = self.mtp(hidden, ids[:, 1 : length + 1], tables, masks)
        out["mtp1"] = self._loss(second, ids[:, 2 : length + 2])
        if recurse:
            third = self.mtp(second, ids[:, 2 : length + 2], tables, masks)
            out["mtp2"] = self._loss(third, ids[:, 3 : length + 3])
        return out

    def _loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        logits = linear(hidden, self.head)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    def _embed(self, ids: Tensor) -> Tensor:
        rows = F.embedding(ids, self.embedding)
        return rows.bfloat16() if rows.is_cuda else rows


def rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    """RMSNorm over the last axis with fp32 statistics; the result has x's dtype."""
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * weight.to(x.dtype)


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """x @ weight.T in x's dtype."""
    return F.linear(x, weight.to(x.dtype))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate-half RoPE. x [B, T, heads, D]; cos, sin fp32 [T, 1, D], the first half of sin negated."""
    turned = x.float().roll(x.shape[-1] // 2, dims=-1)
    return (x.float() * cos + turned * sin).to(x.dtype)


def rope_tables(config: ModelConfig, length: int, device: torch.device) -> Tables:
    """cos and sin, fp32 [length, 1, D], per layer type."""
    tables = RopeTables(config, device, torch.float32)
    return {kind: tables.rows(kind, 0, length) for kind in config.rope}


def attention_masks(config: ModelConfig, length: int, device: torch.device) -> Masks:
    """Masks per layer type: None is plain causal; the window is a block mask on a GPU, boolean [T, T] elsewhere."""
    window = config.sliding_window
    if device.type != "cuda":
        offset = torch.arange(length)[:, None] - torch.arange(length)[None, :]
        return {"full_attention": None, "sliding_attention": (offset >= 0) & (offset < window)}

    def visible(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (query - key < window)

    return {
        "full_attention": None,
        "sliding_attention": create_block_mask(visible, None, None, length, length, device=device),
    }


def _matrix(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * 0.02)

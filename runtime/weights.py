"""From the checkpoint's names to the tensors the decoder multiplies with: expected names and shapes, and the stacking.

Experts are stored one by one and served stacked; query, key and value projections are stored apart and served fused.
Knows nothing of files (checkpoint.py) nor of the forward pass (model.py).
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mellum_ls.kernels.packing import Weight
from mellum_ls.runtime.checkpoint import DTYPES, Checkpoint
from mellum_ls.runtime.config import MlpType, ModelConfig
from mellum_ls.runtime.errors import CheckpointError

logger = logging.getLogger(__name__)

MTP_PREFIX = "mtp."
MAX_LISTED = 8
MAX_NETWORKS = 1 << 16

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SparseMlpWeights:
    """Router [E, H] in float32; gate_up [E, 2I, H], the gate's rows first; down [E, H, I]."""

    router: Tensor
    gate_up: Weight
    down: Weight


@dataclass(frozen=True, slots=True)
class DenseMlpWeights:
    """gate_up [2I, H], the gate's rows first; down [H, I]."""

    gate_up: Weight
    down: Weight


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One decoder layer. qkv [(Hq + 2 Hkv) D, H]; qk_norm [Hq + Hkv, D], one row a head; output [H, Hq D]."""

    input_norm: Tensor
    qkv: Weight
    qk_norm: Tensor
    output: Weight
    mlp_norm: Tensor
    mlp: SparseMlpWeights | DenseMlpWeights


@dataclass(frozen=True, slots=True)
class MtpWeights:
    """The multi-token prediction layer. projection [H, 2H] takes (embedding, hidden)."""

    embedding_norm: Tensor
    hidden_norm: Tensor
    projection: Weight
    layer: LayerWeights
    norm: Tensor


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """All weights: embedding [V, H], layers, final norm [H], lm_head [V, H] (the embedding where tied)."""

    embedding: Tensor
    layers: tuple[LayerWeights, ...]
    norm: Tensor
    lm_head: Weight
    mtp: MtpWeights | None


def expected_tensors(config: ModelConfig, *, mtp: bool = False) -> dict[str, Shape]:
    """The names and shapes of a checkpoint in the released layout, which has tensors for each expert."""
    hidden, vocab = config.hidden_size, config.vocab_size
    expected: dict[str, Shape] = {
        "model.embed_tokens.weight": (vocab, hidden),
        "model.norm.weight": (hidden,),
    }
    if not config.tie_word_embeddings:
        expected["lm_head.weight"] = (vocab, hidden)
    for index, kind in enumerate(config.mlp_layer_types):
        expected.update(_layer_tensors(config, f"model.layers.{index}.", kind))
    if mtp:
        expected.update(_mtp_tensors(config))
    return expected


def _layer_tensors(config: ModelConfig, prefix: str, kind: MlpType) -> Iterator[tuple[str, Shape]]:
    hidden, head = config.hidden_size, config.head_dim
    queries, keys = config.num_attention_heads * head, config.num_key_value_heads * head
    yield prefix + "input_layernorm.weight", (hidden,)
    yield prefix + "self_attn.q_proj.weight", (queries, hidden)
    yield prefix + "self_attn.k_proj.weight", (keys, hidden)
    yield prefix + "self_attn.v_proj.weight", (keys, hidden)
    yield prefix + "self_attn.o_proj.weight", (hidden, queries)
    yield prefix + "self_attn.q_norm.weight", (head,)
    yield prefix + "self_attn.k_norm.weight", (head,)
    yield prefix + "post_attention_layernorm.weight", (hidden,)
    if kind == "dense":
        yield from _mlp_tensors(prefix + "mlp.", hidden, config.intermediate_size)
        return
    yield prefix + "mlp.gate.weight", (config.num_experts, hidden)
    for expert in range(config.num_experts):
        yield from _mlp_tensors(f"{prefix}mlp.experts.{expert}.", hidden, config.moe_intermediate_size)


def _mlp_tensors(prefix: str, hidden: int, inner: int) -> Iterator[tuple[str, Shape]]:
    yield prefix + "gate_proj.weight", (inner, hidden)
    yield prefix + "up_proj.weight", (inner, hidden)
    yield prefix + "down_proj.weight", (hidden, inner)


def _mtp_tensors(config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    hidden = config.hidden_size
    yield MTP_PREFIX + "pre_fc_norm_embedding.weight", (hidden,)
    yield MTP_PREFIX + "pre_fc_norm_hidden.weight", (hidden,)
    yield MTP_PREFIX + "fc.weight", (hidden, 2 * hidden)
    yield MTP_PREFIX + "norm.weight", (hidden,)
    yield from _layer_tensors(config, MTP_PREFIX + "layers.0.", config.mtp_mlp_layer_type)


class Builder:
    """Allocates the served tensors and remembers which part of them each checkpoint tensor fills."""

    def __init__(self, config: ModelConfig, device: torch.device, dtype: torch.dtype) -> None:
        self.config, self.device, self.dtype = config, device, dtype
        self.parts: dict[str, Tensor] = {}

    def rest(self, *, mtp: bool) -> ModelWeights:
        """All but the layers, whose place is empty, and the MTP layer."""
        config, hidden = self.config, self.config.hidden_size
        embedding = self._whole("model.embed_tokens.weight", config.vocab_size, hidden)
        head = embedding if config.tie_word_embeddings else self._head(config.vocab_size, hidden)
        return ModelWeights(embedding, (), self._whole("model.norm.weight", hidden), head, self.mtp() if mtp else None)

    def _whole(self, name: str, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        self.parts[name] = torch.empty(shape, dtype=dtype or self.dtype, device=self.device)
        return self.parts[name]

    def _head(self, vocab: int, hidden: int) -> Tensor:
        """On a CPU it lies by columns: it only ever meets one row, and half of the time is enough to read it so."""
        if self.device.type != "cpu":
            return self._whole("lm_head.weight", vocab, hidden)
        self.parts["lm_head.weight"] = torch.empty(hidden, vocab, dtype=self.dtype).t()
        return self.parts["lm_head.weight"]

    def _mlp(self, prefix: str, gate_up: Tensor, down: Tensor) -> None:
        """Register the three projections of one MLP as parts of gate_up [2I, H] and down [H, I]."""
        inner = down.shape[1]
        self.parts[prefix + "gate_proj.weight"] = gate_up[:inner]
        self.parts[prefix + "up_proj.weight"] = gate_up[inner:]
        self.parts[prefix + "down_proj.weight"] = down

    def layer(self, prefix: str, kind: MlpType) -> LayerWeights:
        """One layer."""
        config = self.config
        hidden, head, num_heads = config.hidden_size, config.head_dim, config.num_attention_heads
        sizes = [num_heads * head, config.num_key_value_heads * head, config.num_key_value_heads * head]
        qkv = torch.empty(sum(sizes), hidden, dtype=self.dtype, device=self.device)
        for letter, part in zip("qkv", torch.split(qkv, sizes), strict=True):
            self.parts[f"{prefix}self_attn.{letter}_proj.weight"] = part
        qk_norm = torch.empty(num_heads + config.num_key_value_heads, head, dtype=self.dtype, device=self.device)
        self.parts[prefix + "self_attn.q_norm.weight"] = qk_norm[:num_heads]
        self.parts[prefix + "self_attn.k_norm.weight"] = qk_norm[num_heads:]
        return LayerWeights(
            input_norm=self._whole(prefix + "input_layernorm.weight", hidden),
            qkv=qkv,
            qk_norm=qk_norm,
            output=self._whole(prefix + "self_attn.o_proj.weight", hidden, sizes[0]),
            mlp_norm=self._whole(prefix + "post_attention_layernorm.weight", hidden),
            mlp=self._dense(prefix + "mlp.") if kind == "dense" else self._sparse(prefix + "mlp."),
        )

    def fill(self, checkpoint: Checkpoint, names: Iterable[str]) -> None:
        """Read tensors of the checkpoint into their places. Raises CheckpointError where a number is not finite."""
        sums: dict[str, Tensor] = {}
        for name, tensor in checkpoint.read(names):
            # A sum passes on what is not finite, makes no copy, and is asked for once all are under way.
            sums[name] = self.parts[name].copy_(tensor).sum(dtype=torch.float32)
        if not sums or torch.stack(list(sums.values())).isfinite().all():
            return
        for name in sums:
            # Asked again number by number: the sum of large ones can pass the range of float32.
            if not self.parts[name].isfinite().all():
                raise CheckpointError(
                    f"{checkpoint.tensors[name].file}: {name} holds a weight that is not a finite number (NaN or "
                    f"infinite) in {str(self.dtype).removeprefix('torch.')}. Download the model again; if that does "
                    "not help, the checkpoint itself is damaged."
                )

    def _dense(self, prefix: str) -> DenseMlpWeights:
        hidden, inner = self.config.hidden_size, self.config.intermediate_size
        gate_up = torch.empty(2 * inner, hidden, dtype=self.dtype, device=self.device)
        down = torch.empty(hidden, inner, dtype=self.dtype, device=self.device)
        self._mlp(prefix, gate_up, down)
        return DenseMlpWeights(gate_up, down)

    def _sparse(self, prefix: str) -> SparseMlpWeights:
        hidden, inner, count = (
            self.config.hidden_size,
            self.config.moe_intermediate_size,
            self.config.num_experts,
        )
        gate_up = torch.empty(count, 2 * inner, hidden, dtype=self.dtype, device=self.device)
        down = torch.empty(count, hidden, inner, dtype=self.dtype, device=self.device)
        for expert in range(count):
            self._mlp(f"{prefix}experts.{expert}.", gate_up[expert], down[expert])
        return SparseMlpWeights(self._whole(prefix + "gate.weight", count, hidden, dtype=torch.float32), gate_up, down)

    def model(self, *, mtp: bool) -> ModelWeights:
        """All of it."""
        layers = tuple(self.layer(f"model.layers.{i}.", kind) for i, kind in enumerate(self.config.mlp_layer_types))
        return replace(self.rest(mtp=mtp), layers=layers)

    def mtp(self) -> MtpWeights:
        """The MTP layer."""
        hidden = self.config.hidden_size
        return MtpWeights(
            embedding_norm=self._whole(MTP_PREFIX + "pre_fc_norm_embedding.weight", hidden),
            hidden_norm=self._whole(MTP_PREFIX + "pre_fc_norm_hidden.weight", hidden),
            projection=self._whole(MTP_PREFIX + "fc.weight", hidden, 2 * hidden),
            layer=self.layer(MTP_PREFIX + "layers.0.", self.config.mtp_mlp_layer_type),
            norm=self._whole(MTP_PREFIX + "norm.weight", hidden),
        )


def allocate(
    config: ModelConfig, device: torch.device, dtype: torch.dtype, *, mtp: bool = False
) -> tuple[ModelWeights, dict[str, Tensor]]:
    """Return uninitialised weights and, by checkpoint name, the part of them that each tensor fills."""
    builder = Builder(config, device, dtype)
    weights = builder.model(mtp=mtp)
    return weights, builder.parts


def tensors_to_load(checkpoint: Checkpoint, config: ModelConfig) -> dict[str, Shape]:
    """The tensors that loading reads, with their shapes, by name; reads none of them. Raises CheckpointError.

    Those of the MTP layer are among them if the config has one and they are there.
    """
    present = any(name.startswith(MTP_PREFIX) for name in checkpoint.tensors)
    with_mtp = present and config.num_mtp_layers > 0
    if present != (config.num_mtp_layers > 0):
        state = "ignored: the config has no MTP layer" if present else "absent: drafting with the MTP layer is off"
        logger.info("%s: mtp.* tensors are %s", checkpoint.directory, state)
    # Before their names are made: a damaged config can describe more than memory holds.
    least = sum(config.num_experts if kind == "sparse" else 1 for kind in config.mlp_layer_types)
    if least > max(MAX_NETWORKS, len(checkpoint.tensors)):
        raise CheckpointError(
            f"{checkpoint.directory}: config.json describes {least} feed-forward networks in "
            f"{config.num_hidden_layers} layers, the weight files hold {len(checkpoint.tensors)} tensors. "
            "Take all files from the same revision."
        )
    expected = expected_tensors(config, mtp=with_mtp)
    _check(checkpoint, expected)
    return expected


def load_weights(checkpoint: Checkpoint, config: ModelConfig, device: torch.device, dtype: torch.dtype) -> ModelWeights:
    """Check the checkpoint against the config and load it; CheckpointError names the tensors that do not fit.

    Loads the MTP layer if the config has one and its tensors are there; without them the model works all the same.
    """
    expected = tensors_to_load(checkpoint, config)
    with_mtp = any(name.startswith(MTP_PREFIX) for name in expected)
    builder = Builder(config, device, dtype)
    weights = builder.model(mtp=with_mtp)
    builder.fill(checkpoint, expected)
    return weights


def _check(checkpoint: Checkpoint, expected: Mapping[str, Shape]) -> None:
    """Raise one CheckpointError that lists missing, unexpected, misshapen and unreadable tensors."""
    found = checkpoint.tensors
    problems = [
        f"{name} is missing, wanted shape {list(shape)}" for name, shape in expected.items() if name not in found
    ]
    problems += [
        f"{name} is not part of this architecture"
        for name in found
        if name not in expected and not name.startswith(MTP_PREFIX)
    ]
    for name, shape in expected.items():
        entry = found.get(name)
        if entry is not None and entry.shape != shape:
            problems.append(f"{name} has shape {list(entry.shape)}, wanted {list(shape)} ({entry.file.name})")
        elif entry is not None and entry.dtype not in DTYPES:
            problems.append(f"{name} is stored as {entry.dtype}, wanted one of {', '.join(DTYPES)} ({entry.file.name})")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems[:MAX_LISTED])
        more = f"\n  and {len(problems) - MAX_LISTED} more" if len(problems) > MAX_LISTED else ""
        raise CheckpointError(
            f"{checkpoint.directory}: the weights do not fit {checkpoint.described_by}:\n{listed}{more}\n"
            "Take all files from the same revision."
        )

"""Every kernel of the released model by what it is for: those of steps of some rows, of drafts, and of a prompt.

As the product makes them for an architecture, with its tiles, of tensors that exist by their shape only. Says what of
a kernel's compiled code matters, not what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from mellum_ls.kernels._triton import flash, grouped, head
from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.matmul import default_block, matmul
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import Packed, pack, packed
from mellum_ls.runtime.bench.static import CONTEXT, DTYPE, META, released_launches
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, WeightFormat
from mellum_ls.runtime.mtp_step import MtpStep
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Shape
from mellum_ls.runtime.synthetic import released_config, synthetic_weights
from mellum_ls.runtime.weights import MtpWeights, SparseMlpWeights

PROMPT = 512  # tokens
DRAFTED = 16384  # ids that drafts are chosen from
PERIOD = 4  # layers, of which one sees everything and the others a window
PROGRAMS = 264  # that share the tiles of a prompt's experts: two for each multiprocessor of a large GPU
# The pointers through which a kernel reads what there is much of: its weights, or the cache. As its source has them.
MUCH_READ: Mapping[str, Sequence[str]] = {
    "attend._attend": ("keys_ptr", "values_ptr"),
    "experts._down": ("rows[",),
    "experts._down_one": ("rows[",),
    "experts._gate_up": ("rows[",),
    "flash._flash": ("k_ptr", "v_ptr"),
    "grouped._down": ("weight_ptr",),
    "grouped._gate_up": ("weight_ptr",),
    "head._head": ("rows[",),
    "matmul._matmul": ("weight_ptr",),
    "project._project": ("rows[",),
    "route._route": ("weight_ptr",),
}
# Kernels without a product of matrices.
NOT_MULTIPLYING = (
    "embed._embed", "grouped._combine", "join._join", "normalise._normalise", "route._route", "sureness._sureness",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A kernel in one of its uses. rows: of a step, or PROMPT."""

    op: str
    format: str
    rows: int
    launch: Launch

    @property
    def kernel(self) -> str:
        """The kernel's module and its name there."""
        function = self.launch.kernel.fn
        return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

    @property
    def on_tensor_cores(self) -> bool:
        """Whether it must multiply there: one row of a product is no work for them, one token's heads are."""
        return self.kernel not in NOT_MULTIPLYING and (self.rows > 1 or self.kernel == "attend._attend")


def entries(target: int, formats: Sequence[FormatName], rows: Sequence[int]) -> list[Entry]:
    """All kernels for an architecture (90 is 9.0): of steps of so many rows, and of a prompt."""
    config, tuning = released_config(PERIOD), Tuning.of(divmod(target, 10))
    found = []
    for name in formats:
        for count in rows:
            launches, _ = released_launches(config, WEIGHT_FORMATS[name], count, CONTEXT, 1, tuning)
            launches += _heads(config, WEIGHT_FORMATS[name], count, tuning)
            launches += _drafts(config, WEIGHT_FORMATS[name], count, tuning)
            found += [Entry(_op(launch), name, count, launch) for launch in launches]
    return found + prompt_entries(config, target, formats)


def prompt_entries(config: ModelConfig, target: int, formats: Sequence[FormatName]) -> list[Entry]:
    """The kernels of a prompt; products with floats outside of the experts are torch's."""
    found = [Entry(_op(launch), "float", PROMPT, launch) for launch in _attention(config, target)]
    for name in formats:
        # Attention's matrices are never int4 in the released model, but other models' may be.
        kind = WEIGHT_FORMATS[name].mlp
        format = WeightFormat(name, kind, kind, kind)
        layer = synthetic_weights(config, format, META, DTYPE).layers[0]
        assert isinstance(layer.mlp, SparseMlpWeights)
        launches = _experts(config, packed(layer.mlp.gate_up), packed(layer.mlp.down))
        if name != "float":
            launches.append(_product(packed(layer.qkv)))
        found += [Entry(launch.name, name, PROMPT, launch) for launch in launches]
    return found


def _op(launch: Launch) -> str:
    """Its name, and whether it is of a layer with a window: those are kernels of their own."""
    if "WINDOW" not in launch.constants:
        return launch.name if launch.kernel.fn.__name__ != "_head" else "likeliest"
    return f"{launch.name} {'full' if launch.constants['WINDOW'] is None else 'window'}"


def _attention(config: ModelConfig, target: int) -> list[Launch]:
    heads, kv_heads, head_dim = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    q = _room(PROMPT, heads, head_dim)
    k, v = _room(2, CONTEXT, kv_heads, head_dim)
    tile = flash.default_tile(PROMPT, heads, head_dim, DTYPE, target)
    windows = dict.fromkeys(config.window_of(kind) for kind in config.layer_types)
    return [flash.flash("flash", q, k, v, torch.empty_like(q), tile, window=window) for window in windows]


def _heads(config: ModelConfig, format: WeightFormat, rows: int, tuning: Tuning) -> list[Launch]:
    """Norm, scores and the likeliest id in one launch: over the whole vocabulary, and over some of it for drafts."""
    weight = packed(synthetic_weights(config, format, META, DTYPE).lm_head)
    x, tile = _room(rows, weight.columns), tuning.tile("likeliest", weight, rows)
    ids, largest = torch.empty(rows, dtype=torch.int32, device=META), torch.empty(rows, device=META)
    some = torch.empty(DRAFTED, dtype=torch.int32, device=META)
    return [
        head.head(
            x, x[0], weight, torch.empty(rows, weight.rows if chosen is None else DRAFTED, device=META), ids, largest,
            head.room_for_keys(rows, META), tile, eps=config.rms_norm_eps, vocabulary=chosen,
        )
        for chosen in (None, some)
    ]  # fmt: skip


def _drafts(config: ModelConfig, format: WeightFormat, rows: int, tuning: Tuning) -> list[Launch]:
    """What a step of the MTP layer has before and behind the layer; whatever its rows, one comes out."""
    weights, vector = synthetic_weights(config, format, META, DTYPE), _room(config.hidden_size)
    projection = pack(_room(config.hidden_size, 2 * config.hidden_size), format.attention, format.group)
    mtp = MtpWeights(vector, vector, projection, weights.layers[0], vector)
    table = _room(config.max_position_embeddings, 1, config.head_dim)
    shape = Shape(rows, dict.fromkeys(config.rope, 1))
    some = torch.empty(DRAFTED, dtype=torch.int32, device=META)
    step = MtpStep(
        config, replace(weights, mtp=mtp), dict.fromkeys(config.rope, (table, table)), Inputs(1, META), shape, tuning,
        _room(1, config.hidden_size), some,
    )  # fmt: skip
    # The scores are of one row: with several they are no other kernel.
    wanted = ("join", "mtp", "sureness", "head") if rows == 1 else ("join", "mtp")
    return [launch for launch in step.launches if launch.name in wanted]


def _product(weight: Packed) -> Launch:
    x, out = _room(PROMPT, weight.columns), _room(PROMPT, weight.rows)
    return matmul("matmul", x, weight, out, default_block(PROMPT, weight, DTYPE))


def _experts(config: ModelConfig, gate_up: Packed, down: Packed) -> list[Launch]:
    each, hidden = config.num_experts_per_tok, config.hidden_size
    pairs = PROMPT * each
    order = torch.empty(pairs, dtype=torch.int32, device=META)
    ends = torch.empty(config.num_experts, dtype=torch.int32, device=META)
    x, inner, parts = _room(PROMPT, hidden), _room(pairs, down.columns), _room(PROMPT, each, hidden)
    shares = _room(PROMPT, each)
    first = grouped.default_block(pairs, gate_up, DTYPE, accumulators=2)
    second = grouped.default_block(pairs, down, DTYPE, accumulators=1)
    return [
        grouped.gate_up(x, order, ends, gate_up, inner, first, programs=PROGRAMS),
        grouped.down(inner, order, ends, down, parts, second, programs=PROGRAMS),
        grouped.combine(parts, shares, torch.empty_like(x)),
    ]


def _room(*shape: int) -> torch.Tensor:
    return torch.empty(shape, dtype=DTYPE, device=META)

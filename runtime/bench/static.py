"""What a step of the released model costs, counted without a GPU: launches, bytes against the least, workspace.

The launches are the product's own, made of tensors that exist by their shape only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import packed
from mellum_ls.runtime.bench.kernels import expected_hits
from mellum_ls.runtime.bench.measure import figure
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.devices import weight_bytes
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, WeightFormat
from mellum_ls.runtime.step import Step
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Shape, context_bucket, splits_for
from mellum_ls.runtime.synthetic import released_config, synthetic_weights

META, DTYPE = torch.device("meta"), torch.bfloat16
CONTEXT = 2048
# What a layer launches; the others are the embedding, the last norm and the head.
AROUND = ("embed", "norm", "head")


def released_launches(
    config: ModelConfig, format: WeightFormat, rows: int, context: int, hits: int, tuning: Tuning | None = None
) -> tuple[list[Launch], int]:
    """(All launches of a step and its head, bytes of the buffers between them), on the device "meta"."""
    weights = synthetic_weights(config, format, META, DTYPE)
    table = torch.empty(config.max_position_embeddings, 1, config.head_dim, dtype=DTYPE, device=META)
    angles: Angles = {kind: (table, table) for kind in config.rope}
    bucket = context_bucket(context)
    splits: dict[AttentionType, int] = {kind: splits_for(bucket, config.window_of(kind)) for kind in config.rope}
    inputs, tuning = Inputs(config.num_hidden_layers, META), tuning or Tuning()
    step = Step(config, weights, angles, inputs, Shape(rows, splits, context, hits), tuning)
    head = packed(weights.lm_head)
    logits = torch.empty(rows, config.vocab_size, dtype=torch.float32, device=META)
    scores = project("head", step.hidden, head, logits, tuning.tile("head", head, rows))
    return [*step.launches, scores], step.workspace + logits.nbytes


def least_bytes(config: ModelConfig, format: WeightFormat, context: int, hits: int, rows: int = 1) -> int:
    """Bytes that no implementation can do without: the weights that are used, once, and the keys and values seen.

    The embedding is looked up, so that only the rows' own count; everything between two products could be kept.
    """
    hidden, experts = config.hidden_size, config.num_experts
    embedding = config.vocab_size * hidden * DTYPE.itemsize
    all_weights = weight_bytes(config, format, DTYPE) - embedding
    matrices = (2 * config.moe_intermediate_size, hidden), (hidden, config.moe_intermediate_size)
    expert = sum(format.matrix_bytes(format.mlp, *matrix, DTYPE) for matrix in matrices)
    unused = config.num_hidden_layers * (experts - hits) * expert
    row = 2 * config.num_key_value_heads * config.head_dim * DTYPE.itemsize
    windows = [config.window_of(kind) for kind in config.layer_types]
    seen = sum(context if window is None else min(context, window - 1) for window in windows)
    return all_weights - unused + rows * hidden * DTYPE.itemsize + row * (seen + rows * len(windows))


def static_report(
    formats: Sequence[FormatName] = ("int4", "int8", "float"), rows: Sequence[int] = (1, 4), context: int = CONTEXT
) -> list[dict[str, Any]]:
    """One entry for each format and number of rows, JSON types only; bytes are those of one pass."""
    config = released_config()
    found = []
    for name in formats:
        for count in rows:
            hits = round(expected_hits(config.num_experts, config.num_experts_per_tok, count))
            launches, workspace = released_launches(config, WEIGHT_FORMATS[name], count, context, hits)
            moved = sum(launch.reads + launch.writes for launch in launches)
            least = least_bytes(config, WEIGHT_FORMATS[name], context, hits, count)
            layered = [launch for launch in launches if launch.name not in AROUND]
            found.append(
                {
                    "format": name,
                    "rows": count,
                    "context": context,
                    "experts_hit": hits,
                    "launches": len(launches),
                    "launches_per_layer": len(layered) / config.num_hidden_layers,
                    "bytes": moved,
                    "least_bytes": least,
                    "ratio": figure(moved / least),
                    "workspace_bytes": workspace,
                }
            )
    return found


def table(report: Sequence[Mapping[str, Any]]) -> str:
    """Lines for a terminal."""
    lines = ["format  rows  launches  a layer  MB moved  least  ratio  workspace MB"]
    for row in report:
        lines.append(
            f"{row['format']:<6}  {row['rows']:>4}  {row['launches']:>8}  {row['launches_per_layer']:>7g}  "
            f"{row['bytes'] / 1e6:>8.1f}  {row['least_bytes'] / 1e6:>5.0f}  {row['ratio']:>5g}  "
            f"{row['workspace_bytes'] / 1e6:>12.2f}"
        )
    lines.append(f"behind {report[0]['context']} tokens; several rows hit the experts of evenly spread choices")
    return "\n".join(lines)

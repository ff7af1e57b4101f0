"""What checking drafts costs: bytes that a pass of m tokens reads, by the experts that real code routes them to.

Counted for the loaded model, and from that for the released one, with the shares of experts that the loaded one's
routing hits and with those of tokens that have nothing to do with each other. Times nothing but what was calibrated.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding

from mellum_ls.kernels import rms_norm, route
from mellum_ls.runtime.bench.decode import prompt_of
from mellum_ls.runtime.bench.measure import figure
from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.source import Evidence
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.model import attend, mlp
from mellum_ls.runtime.weights import SparseMlpWeights

SIZES = tuple(range(1, 9))
ACCEPTANCES = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
CONTEXT = 512


@dataclass(frozen=True, slots=True)
class Shape:
    """What a pass reads, in weights: `shared` whatever is computed, `expert` for each that is hit, by layer."""

    name: str
    shared: int
    expert: int
    layers: int
    experts: int
    top: int
    head: int
    mtp: int
    """What one step of the MTP layer reads, its output head left out."""


# The released model: 28 layers of attention (21,233,664), router and norms; 64 experts of 6,193,152, 8 of them chosen.
RELEASED = Shape(
    "Mellum2-12B-A2.5B", 28 * (21_233_664 + 147_456 + 4_864), 6_193_152, 28, 64, 8, 98_304 * 2_304, 81_500_000
)


def explain(engine: Engine) -> dict[str, Any]:
    """The tables as JSON types."""
    hit = distinct_experts(engine)
    config = engine.config
    uniform = [config.num_experts * (1 - (1 - config.num_experts_per_tok / config.num_experts) ** m) for m in SIZES]
    found: dict[str, Any] = {"benchmark": "explain", "tokens": list(SIZES), "experts_hit": {}, "released": {}}
    found["experts_hit"] = {"code": [figure(x) for x in hit], "uniform": [figure(x) for x in uniform]}
    # How much closer than chance the tokens of code lie: of what each further token could add, the share that it does.
    nearer = [code / chance for code, chance in zip(hit, uniform, strict=True)]
    released = [RELEASED.experts * (1 - (1 - RELEASED.top / RELEASED.experts) ** m) for m in SIZES]
    for name, experts in (
        ("uniform", released),
        ("code", [chance * near for chance, near in zip(released, nearer, strict=True)]),
    ):
        read = [RELEASED.shared + RELEASED.head + RELEASED.layers * count * RELEASED.expert for count in experts]
        # Seconds that only compare: one for what a plain pass reads.
        costs = Costs(
            tuple((m, value / read[0]) for m, value in zip(SIZES, read, strict=True)),
            (RELEASED.mtp + RELEASED.head / 6) / read[0],
        )
        found["released"][name] = {
            "experts": [figure(x) for x in experts],
            "gigaweights": [figure(x / 1e9) for x in read],
            "cost": [figure(x / read[0]) for x in read],
            "draft_cost": figure(costs.draft),
            "depth": _depths(costs),
        }
    drafting = engine.drafting
    if drafting is not None and isinstance(drafting.policy, Adaptive):
        costs = drafting.policy.costs
        found["here"] = {
            "cost": [figure(costs.of(m) / costs.of(1)) for m in SIZES],
            "draft_cost": figure(costs.draft / costs.of(1)),
            "depth": _depths(costs),
        }
    return found


def _depths(costs: Costs) -> dict[str, dict[str, int]]:
    """By acceptance, how many tokens of a free guess are checked, and how many the MTP layer drafts."""
    depths: dict[str, dict[str, int]] = {"free": {}, "mtp": {}}
    for acceptance in ACCEPTANCES:
        kind = Evidence("explain", 0, 0, acceptance)
        depths["free"][str(acceptance)] = Adaptive(costs).plan([kind] * (SIZES[-1] - 1)).depth
        policy, drafted = Adaptive(costs), int(Adaptive(costs).plan([kind] * 3).gain > 3 * costs.draft)
        while 0 < drafted < SIZES[-1] - 1 and policy.goes_on([kind] * drafted, kind):
            drafted += 1
        depths["mtp"][str(acceptance)] = drafted
    return depths


@torch.inference_mode()
def distinct_experts(engine: Engine) -> list[float]:
    """Mean number of different experts in a layer that 1 to 8 neighbouring tokens of real code choose."""
    model, config = engine.model, engine.config
    count = min(CONTEXT, config.max_position_embeddings)
    ids = torch.tensor(prompt_of(engine, count), device=model.device)
    cache, chosen = model.new_cache(), []
    cache.reserve(count)
    x, eps = embedding(ids, model.weights.embedding).to(model.dtype), config.rms_norm_eps
    for index, layer in enumerate(model.weights.layers):
        kind = config.layer_types[index]
        angles = model.rope.rows(kind, 0, count)
        x = x + attend(rms_norm(x, layer.input_norm, eps), layer, config, kind, angles, cache, index)
        normed = rms_norm(x, layer.mlp_norm, eps)
        if isinstance(layer.mlp, SparseMlpWeights):
            chosen.append(route(normed, layer.mlp.router, config.num_experts_per_tok, config.norm_topk_prob)[1])
        x = x + mlp(normed, layer.mlp, config)
    if not chosen:
        raise BenchmarkError("this model has no experts")
    picked = torch.stack(chosen, dim=1).cpu()  # [T, L, K]
    means = []
    for size in SIZES:
        groups = [picked[at : at + size] for at in range(0, len(picked) - size, size)]
        means.append(statistics.mean(_distinct(group) for group in groups))
    return means


def _distinct(group: Tensor) -> float:
    """Mean over the layers of the number of different experts in [m, L, K]."""
    return statistics.mean(float(len(set(layer.flatten().tolist()))) for layer in group.unbind(dim=1))


def table(found: Mapping[str, Any]) -> str:
    """Lines for people: a row for each figure, a column for each number of tokens in a pass."""
    rows = [["tokens in a pass", *map(str, found["tokens"])]]
    for name, counts in found["experts_hit"].items():
        rows.append([f"experts hit in this model, {name}", *(f"{count:.1f}" for count in counts)])
    for name, figures in found["released"].items():
        rows.append([f"{RELEASED.name}, {name}: experts", *(f"{count:.1f}" for count in figures["experts"])])
        rows.append(["  10**9 weights read", *(f"{count:.2f}" for count in figures["gigaweights"])])
        rows.append(["  cost of a pass", *(f"{cost:.2f}" for cost in figures["cost"])])
    if "here" in found:
        rows.append(["this model on this device, cost measured", *(f"{cost:.2f}" for cost in found["here"]["cost"])])
    lines = [f"{row[0]:<44}" + "".join(f"{cell:>7}" for cell in row[1:]) for row in rows]
    lines += ["", "Tokens that would be checked, by the share of guesses that hold:"]
    lines.append(f"{'':<44}" + "".join(f"{acceptance:>7}" for acceptance in ACCEPTANCES))
    tables = {f"{RELEASED.name}, {name}": figures for name, figures in found["released"].items()}
    if "here" in found:
        tables["this model on this device"] = found["here"]
    for name, figures in tables.items():
        for source, depths in figures["depth"].items():
            label = f"{name}, {source}" + (f" ({figures['draft_cost']:.2f} each)" if source == "mtp" else "")
            lines.append(f"{label:<44}" + "".join(f"{depth:>7}" for depth in depths.values()))
    return "\n".join(lines)

"""The architecture from a GGUF file's metadata: the keys that llama.cpp's converter writes, in config.json's terms.

Follows conversion/mellum.py and src/models/mellum.cpp of llama.cpp, their defaults included. Everything that is
missing or cannot be served is named in one error. Knows no tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.gguf_files.header import Value

ARCHITECTURE_KEY, ARCHITECTURE = "general.architecture", "mellum"
TOKENS_KEY = "tokenizer.ggml.tokens"
END_KEYS = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id")
DEFAULT_PERIOD = 4
"""Of layers, the last of which sees everything; where the file has a window and does not say which layers slide."""
SOFTMAX = 1
# What this runtime computes; a file may say it, but nothing else.
FIXED: Mapping[str, tuple[Any, ...]] = {
    "expert_gating_func": (SOFTMAX,),
    "expert_shared_count": (0,),
    "expert_group_count": (0, 1),
    "expert_weights_norm": (True,),
    "expert_weights_scale": (0, 1),
    "attention.causal": (True,),
    "rope.scaling.attn_factor": (1,),
    "rope.scaling.yarn_ext_factor": (1,),
    "rope.scaling.yarn_log_multiplier": (0,),
}


@dataclass(slots=True)
class _Facts:
    """Reads keys of the architecture and collects what is wrong with them."""

    metadata: Mapping[str, Value]
    problems: list[str] = field(default_factory=list)

    def find(self, key: str) -> Value | None:
        return self.metadata.get(f"{ARCHITECTURE}.{key}")

    def read(self, key: str, wanted: str, fits: Callable[[Any], bool], default: Any = None) -> Any:
        """The value, or the default if the key is absent; a problem and None where that is no value either."""
        found = self.find(key)
        found = default if found is None else found
        if found is not None and fits(found):
            return found
        state = "is missing" if found is None else f"is {found!r:.80}"
        self.problems.append(f"{ARCHITECTURE}.{key} {state}, wanted {wanted}")
        return None

    def count(self, key: str, default: int | None = None) -> int | None:
        found: int | None = self.read(key, "a whole number >= 1", lambda v: type(v) is int and v >= 1, default)
        return found

    def same(self, key: str) -> int | None:
        """A number that may stand once for each layer, but must be the same for all."""
        found = self.find(key)
        if isinstance(found, Sequence) and not isinstance(found, str) and len(set(map(str, found))) == 1:
            return _Facts({f"{ARCHITECTURE}.{key}": found[0]}, self.problems).count(key)
        return self.count(key)

    def positive(self, key: str, default: float | None = None) -> float | None:
        wanted = "a number > 0"
        found = self.read(key, wanted, lambda v: type(v) in (int, float) and math.isfinite(v) and v > 0, default)
        return None if found is None else float(found)

    def fixed(self) -> None:
        """Note what the file says that would have to be computed otherwise."""
        for key, allowed in FIXED.items():
            found = self.find(key)
            if found is not None and found not in allowed:
                self.problems.append(
                    f"{ARCHITECTURE}.{key} is {found!r:.80}, wanted {allowed[0]!r}: no other is served"
                )


def read_config(metadata: Mapping[str, Value], path: Path) -> ModelConfig:
    """The config of the model; `path` is for errors. Raises ConfigError."""
    found = metadata.get(ARCHITECTURE_KEY)
    if found != ARCHITECTURE:
        what = (
            "does not say what architecture it has"
            if found is None
            else f"holds a model of the architecture {found!r:.80}"
        )
        raise ConfigError(
            f"{path} {what}; {ARCHITECTURE!r}, that of Mellum2, is what is read here. "
            "Other models belong to another engine."
        )
    facts = _Facts(metadata)
    raw = _raw(facts)
    facts.fixed()
    if facts.problems:
        listed = "\n".join(f"  {problem}" for problem in facts.problems)
        raise ConfigError(
            f"{path} cannot be used:\n{listed}\nTake a file that llama.cpp converted from the released model."
        )
    return ModelConfig.from_dict(raw, source=str(path))


def _raw(facts: _Facts) -> dict[str, Any]:
    """What config.json would say; meaningless where there are problems."""
    tokens = facts.metadata.get(TOKENS_KEY)
    vocabulary = len(tokens) if isinstance(tokens, Sequence) and not isinstance(tokens, str) else None
    hidden, heads = facts.count("embedding_length"), facts.same("attention.head_count")
    head = facts.count("attention.key_length", hidden // heads if hidden and heads else None)
    for key in ("attention.value_length", "rope.dimension_count"):
        if facts.count(key, head) != head:
            facts.problems.append(f"{ARCHITECTURE}.{key} is {facts.find(key)!r:.80}, wanted that of the keys, {head}")
    # Layers that predict further tokens would come last; the file may name them, they are left out.
    blocks, more = facts.count("block_count"), facts.find("nextn_predict_layers") or 0
    layers = (blocks or 0) - (more if type(more) is int and 0 <= more < (blocks or 0) else 0)
    window = facts.find("attention.sliding_window")
    types = _layer_types(facts, layers, sliding=bool(window))
    ends = [number for key in END_KEYS if type(number := facts.metadata.get(key)) is int]
    return {
        "model_type": ARCHITECTURE,
        "vocab_size": facts.count("vocab_size", vocabulary),
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": facts.same("attention.head_count_kv"),
        "head_dim": head,
        "max_position_embeddings": facts.count("context_length"),
        "rms_norm_eps": facts.positive("attention.layer_norm_rms_epsilon"),
        "layer_types": types,
        "sliding_window": facts.count("attention.sliding_window") if window else None,
        "moe_intermediate_size": facts.same("expert_feed_forward_length"),
        "num_experts": facts.count("expert_count"),
        "num_experts_per_tok": facts.count("expert_used_count"),
        "rope_parameters": _ropes(facts),
        # The order is the file's: the first is the one that ends texts.
        "eos_token_id": list(dict.fromkeys(ends)),
    }


def _layer_types(facts: _Facts, layers: int, *, sliding: bool) -> list[str]:
    pattern = facts.find("attention.sliding_window_pattern")
    names = {True: "sliding_attention", False: "full_attention"}
    if not sliding:
        return [names[False]] * layers
    if isinstance(pattern, Sequence) and not isinstance(pattern, str):
        if len(pattern) < layers or not all(type(slides) in (bool, int) for slides in pattern):
            facts.problems.append(
                f"{ARCHITECTURE}.attention.sliding_window_pattern has {len(pattern)} values, wanted one for each layer"
            )
        return [names[bool(slides)] for slides in pattern[:layers]]
    period = DEFAULT_PERIOD if pattern is None else facts.count("attention.sliding_window_pattern") or DEFAULT_PERIOD
    return [names[index % period < period - 1] for index in range(layers)]


def _ropes(facts: _Facts) -> dict[str, Any]:
    """Both kinds of layers; sliding ones are never stretched."""
    theta = facts.positive("rope.freq_base", 10000.0)
    sliding = {"rope_type": "default", "rope_theta": facts.positive("rope.freq_base_swa", theta)}
    full: dict[str, Any] = {"rope_type": "default", "rope_theta": theta}
    factor = facts.positive("rope.scaling.factor", 1.0)
    kind = facts.find("rope.scaling.type")
    if kind == "yarn" and factor is not None:
        full |= {"rope_type": "yarn", "factor": factor}
        full["original_max_position_embeddings"] = facts.count(
            "rope.scaling.original_context_length", facts.count("context_length")
        )
        full["beta_fast"] = facts.positive("rope.scaling.yarn_beta_fast", 32.0)
        full["beta_slow"] = facts.positive("rope.scaling.yarn_beta_slow", 1.0)
        full["attention_factor"] = _attention_factor(facts, factor)
    elif kind not in (None, "none", "linear") or (kind != "none" and factor not in (None, 1)):
        facts.problems.append(
            f"{ARCHITECTURE}.rope.scaling.type is {kind!r:.80} with a factor, wanted 'yarn' or 'none'"
        )
    return {"sliding_attention": sliding, "full_attention": full}


def _attention_factor(facts: _Facts, factor: float) -> float | None:
    """None where the file's is the formula's value as far as its float32 goes: then all digits are computed."""
    formula = 0.1 * math.log(factor) + 1 if factor > 1 else 1.0
    found = facts.positive("rope.scaling.yarn_attn_factor", formula)
    return None if found is None or math.isclose(found, formula, rel_tol=1e-6) else found

"""The architecture facts of config.json, checked. Nothing is inferred from a path or a file name.

Every missing or bad key is named in one error, with what was wanted. Only keys whose default is part of the
architecture's definition may be absent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from mellum_ls.runtime.errors import ConfigError, ModelNotFound
from mellum_ls.runtime.json_file import read_object

AttentionType = Literal["full_attention", "sliding_attention"]
MlpType = Literal["sparse", "dense"]

ATTENTION_TYPES: tuple[AttentionType, ...] = ("full_attention", "sliding_attention")
MLP_TYPES: tuple[MlpType, ...] = ("sparse", "dense")
# The same fact goes by two names: the one of the released file and the one that transformers writes.
ALIASES = {"num_experts": "num_local_experts", "num_mtp_layers": "num_nextn_predict_layers"}

# Far above every model there is: beyond, a damaged file would have names and lists made that fill the memory.
MAX_COUNT = 1 << 24
MAX_LAYERS = 1 << 10
MAX_EXPERTS = 1 << 12
MAX_NUMBER = 1e300
MAX_QUOTED = 120

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class YarnConfig:
    """How YaRN stretches the rotary frequencies (Peng et al. 2023, arXiv 2309.00071)."""

    factor: float
    original_max_position_embeddings: int
    beta_fast: float
    beta_slow: float
    attention_factor: float | None
    """Scale of cos and sin; None means 0.1 ln(factor) + 1."""


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """Rotary embedding of one attention type; `yarn` is None for the plain kind."""

    theta: float
    yarn: YarnConfig | None


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The architecture of one checkpoint. Field names are those of config.json."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    rms_norm_eps: float
    layer_types: tuple[AttentionType, ...]
    mlp_layer_types: tuple[MlpType, ...]
    rope: Mapping[AttentionType, RopeConfig]
    sliding_window: int
    """Positions that a sliding layer sees, the token's own included; 0 if no layer slides."""
    intermediate_size: int
    """Inner width of a dense MLP; 0 if every MLP is sparse."""
    moe_intermediate_size: int
    num_experts: int
    num_experts_per_tok: int
    norm_topk_prob: bool
    tie_word_embeddings: bool
    num_mtp_layers: int
    mtp_layer_type: AttentionType
    mtp_mlp_layer_type: MlpType
    eos_token_ids: tuple[int, ...]
    tokenizer_sha256: str | None
    """Fingerprint of the tokenizer.json that the weights were trained with, if the checkpoint states it."""

    @classmethod
    def from_file(cls, path: Path) -> "ModelConfig":
        """Read a config.json; ModelNotFound if it is not there, ConfigError if it is not usable."""
        raw = read_object(path, ConfigError)
        if raw is None:
            raise ModelNotFound(
                f"{path.parent} has no config.json: it is not a model directory in the Hugging Face layout"
            )
        return cls.from_dict(raw, source=str(path))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], *, source: str = "config.json") -> "ModelConfig":
        """Check the keys of a parsed config.json; ConfigError names all that are wrong."""
        model_type = raw.get("model_type")
        if model_type != "mellum":
            raise ConfigError(
                f"{source}: model_type is {model_type!r}, wanted 'mellum'. This runtime serves the Mellum2 "
                "architecture only; other models belong to another engine."
            )
        keys = _Keys(raw)
        config = _read(cls, keys)
        if config is None or keys.problems:
            listed = "\n".join(f"  {problem}" for problem in keys.problems)
            raise ConfigError(f"{source} cannot be used:\n{listed}")
        return config

    @property
    def attention_width(self) -> int:
        """Rows of the fused query, key and value projection."""
        return (self.num_attention_heads + 2 * self.num_key_value_heads) * self.head_dim

    def window_of(self, layer_type: AttentionType) -> int | None:
        """The sliding window of a layer of this type, None for full attention."""
        return self.sliding_window if layer_type == "sliding_attention" else None


@dataclass(slots=True)
class _Keys:
    """Reads keys of one object and collects what is wrong with them for one error."""

    raw: Mapping[str, Any]
    prefix: str = ""
    problems: list[str] = field(default_factory=list)

    def find(self, key: str) -> Any:
        """The value under the key or its alias; _ABSENT if neither is there or it is null."""
        for name in (key, ALIASES.get(key, key)):
            if self.raw.get(name) is not None:
                return self.raw[name]
        return _ABSENT

    def bad(self, key: str, wanted: str) -> None:
        found = self.find(key)
        shown = repr(found)
        state = "is missing" if found is _ABSENT else f"is {shown[:MAX_QUOTED]}{'…' if len(shown) > MAX_QUOTED else ''}"
        self.problems.append(f"{self.prefix}{key} {state}, wanted {wanted}")

    def read(self, key: str, wanted: str, fits: Callable[[Any], bool], default: Any = _ABSENT) -> Any:
        """The value if it fits; otherwise the default if the key is absent, else a problem and None."""
        value = self.find(key)
        if value is _ABSENT and default is not _ABSENT:
            return default
        if value is _ABSENT or not fits(value):
            self.bad(key, wanted)
            return None
        return value

    def count(self, key: str, default: Any = _ABSENT, *, least: int = 1, most: int = MAX_COUNT) -> int:
        wanted = f"a whole number >= {least}, at most {most}"
        return cast(int, self.read(key, wanted, lambda v: _whole(v) and least <= v <= most, default))

    def positive(self, key: str, default: Any = _ABSENT) -> float:
        value = self.read(key, "a number > 0", lambda v: _number(v) and 0 < v <= MAX_NUMBER, default)
        return cast(float, value if value is None else float(value))

    def flag(self, key: str, default: bool) -> bool:
        return cast(bool, self.read(key, "true or false", lambda v: isinstance(v, bool), default))

    def exactly(self, key: str, value: Any, why: str) -> None:
        """The key may be absent, but no other value is supported."""
        self.read(key, f"{value!r} ({why})", lambda found: bool(found == value), value)

    def kinds(self, key: str, allowed: tuple[str, ...], length: int | None, default: Any = _ABSENT) -> tuple[str, ...]:
        """A list of `length` names out of `allowed`."""
        size = "one for each layer" if length is None else f"{length} of them"
        value = self.read(
            key,
            f"a list of {' or '.join(map(repr, allowed))}, {size}",
            lambda v: isinstance(v, list) and all(kind in allowed for kind in v) and length in (None, len(v)),
            default,
        )
        return () if value is None else tuple(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read(cls: type[ModelConfig], keys: _Keys) -> ModelConfig | None:
    """Build the config, or return None after noting the problems that make it impossible."""
    layers = keys.count("num_hidden_layers", most=MAX_LAYERS)
    types = cast(tuple[AttentionType, ...], keys.kinds("layer_types", ATTENTION_TYPES, layers))
    mlps = cast(
        tuple[MlpType, ...],
        keys.kinds("mlp_layer_types", MLP_TYPES, layers, default=["sparse"] * (layers or 0)),
    )
    num_mtp = keys.count("num_mtp_layers", 0, least=0)
    mtp = num_mtp or 0
    if mtp > 1:
        keys.bad("num_mtp_layers", "0 or 1: the architecture has at most one")
    mtp_types = keys.kinds("mtp_layer_types", ATTENTION_TYPES, 1, ["sliding_attention"]) if mtp else ()
    mtp_mlps = keys.kinds("mtp_mlp_layer_types", MLP_TYPES, 1, ["sparse"]) if mtp else ()
    used_types, used_mlps = {*types, *mtp_types}, {*mlps, *mtp_mlps}
    sparse, dense = "sparse" in used_mlps, "dense" in used_mlps

    keys.exactly("hidden_act", "silu", "the only activation the architecture has")
    keys.exactly("attention_bias", False, "the architecture has no biases")
    heads, kv_heads = keys.count("num_attention_heads"), keys.count("num_key_value_heads")
    if heads and kv_heads and heads % kv_heads:
        keys.bad("num_attention_heads", f"a multiple of num_key_value_heads, {kv_heads}")
    head_dim = keys.count("head_dim")
    if head_dim and head_dim % 2:
        keys.bad("head_dim", "an even number: rotary embedding turns pairs")
    num_experts = keys.count("num_experts", most=MAX_EXPERTS) if sparse else 0
    top_k = keys.count("num_experts_per_tok") if sparse else 0
    if num_experts and top_k and top_k > num_experts:
        keys.bad("num_experts_per_tok", f"at most num_experts, {num_experts}")
    values: dict[str, Any] = {
        "vocab_size": keys.count("vocab_size"),
        "hidden_size": keys.count("hidden_size"),
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": head_dim,
        "max_position_embeddings": keys.count("max_position_embeddings"),
        "rms_norm_eps": keys.positive("rms_norm_eps"),
        "layer_types": types,
        "mlp_layer_types": mlps,
        "rope": _ropes(keys, used_types),
        "sliding_window": keys.count("sliding_window") if "sliding_attention" in used_types else 0,
        "intermediate_size": keys.count("intermediate_size") if dense else 0,
        "moe_intermediate_size": keys.count("moe_intermediate_size") if sparse else 0,
        "num_experts": num_experts,
        "num_experts_per_tok": top_k,
        "norm_topk_prob": keys.flag("norm_topk_prob", True),
        "tie_word_embeddings": keys.flag("tie_word_embeddings", False),
        "num_mtp_layers": mtp,
        "mtp_layer_type": next(iter(mtp_types), "sliding_attention"),
        "mtp_mlp_layer_type": next(iter(mtp_mlps), "sparse"),
        "eos_token_ids": _token_ids(keys, "eos_token_id"),
        "tokenizer_sha256": keys.read("tokenizer_sha256", "64 hexadecimal digits", _is_sha256, None),
    }
    return None if keys.problems else cls(**values)


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _token_ids(keys: _Keys, key: str) -> tuple[int, ...]:
    """One id, a list of ids, or nothing."""
    value = keys.read(
        key,
        "a token id or a list of token ids",
        lambda v: all(_whole(i) and i >= 0 for i in (v if isinstance(v, list) else [v])),
        [],
    )
    return tuple(value) if isinstance(value, list) else () if value is None else (value,)


def _ropes(keys: _Keys, used: set[str]) -> dict[AttentionType, RopeConfig]:
    """rope_parameters: one object for each attention type that a layer uses."""
    wanted = "an object with " + " and ".join(sorted(used or set(ATTENTION_TYPES)))
    raw = keys.read("rope_parameters", wanted, lambda v: isinstance(v, dict)) or {}
    ropes: dict[AttentionType, RopeConfig] = {}
    for kind in ATTENTION_TYPES:
        if kind not in used or not raw:
            continue
        entry = raw.get(kind)
        if not isinstance(entry, dict):
            keys.problems.append(f"rope_parameters.{kind} is {entry!r}, wanted an object: a layer uses it")
            continue
        nested = _Keys(entry, f"rope_parameters.{kind}.", keys.problems)
        ropes[kind] = _rope(nested)
    return ropes


def _rope(keys: _Keys) -> RopeConfig:
    kind = keys.read("rope_type", "'default' or 'yarn'", lambda v: v in ("default", "yarn"))
    theta = keys.positive("rope_theta")
    keys.exactly("partial_rotary_factor", 1.0, "the whole head is rotated")
    if kind != "yarn":
        return RopeConfig(theta, None)
    keys.exactly("truncate", True, "the released models truncate the correction range")
    for key in ("mscale", "mscale_all_dim"):
        keys.exactly(key, None, "state attention_factor instead")
    yarn = YarnConfig(
        factor=keys.positive("factor"),
        original_max_position_embeddings=keys.count("original_max_position_embeddings"),
        beta_fast=keys.positive("beta_fast", 32.0),
        beta_slow=keys.positive("beta_slow", 1.0),
        attention_factor=keys.positive("attention_factor", None)
        if keys.find("attention_factor") is not _ABSENT
        else None,
    )
    return RopeConfig(theta, yarn)

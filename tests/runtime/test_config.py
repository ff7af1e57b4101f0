import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError, ModelNotFound
from tests.fakes.checkpoints import RELEASED, small_config


def test_the_released_config() -> None:
    config = ModelConfig.from_dict(RELEASED)
    assert (config.num_hidden_layers, config.num_experts, config.num_experts_per_tok) == (28, 64, 8)
    assert [i for i, kind in enumerate(config.layer_types) if kind == "full_attention"] == list(range(3, 28, 4))
    assert config.sliding_window == 1024
    assert config.window_of("full_attention") is None
    assert config.rope["sliding_attention"].yarn is None
    yarn = config.rope["full_attention"].yarn
    assert yarn is not None
    assert yarn.attention_factor == 1.2772588722239782
    assert config.eos_token_ids == (28,)
    assert config.num_mtp_layers == 0


def test_both_spellings_of_a_key_are_read() -> None:
    raw = small_config(num_local_experts=5, num_nextn_predict_layers=1)
    del raw["num_experts"]
    config = ModelConfig.from_dict(raw)
    assert config.num_experts == 5
    assert (config.num_mtp_layers, config.mtp_layer_type, config.mtp_mlp_layer_type) == (
        1,
        "sliding_attention",
        "sparse",
    )
    assert ModelConfig.from_dict(small_config(num_mtp_layers=1)).num_mtp_layers == 1


def test_all_faults_are_named_at_once() -> None:
    raw = small_config(
        head_dim=15,
        attention_bias=True,
        hidden_act="gelu",
        num_attention_heads=3,
        tokenizer_sha256="abc",
        eos_token_id="x",
    )
    del raw["vocab_size"], raw["rope_parameters"]["full_attention"]["factor"]
    raw["layer_types"] = raw["layer_types"][:2]
    with pytest.raises(ConfigError) as caught:
        ModelConfig.from_dict(raw, source="somewhere/config.json")
    message = str(caught.value)
    assert "somewhere/config.json" in message
    for part in (
        "vocab_size is missing",
        "head_dim is 15",
        "attention_bias is True",
        "hidden_act is 'gelu'",
        "num_attention_heads is 3, wanted a multiple of num_key_value_heads, 2",
        "4 of them",
        "tokenizer_sha256 is 'abc'",
        "eos_token_id is 'x'",
    ):
        assert part in message, part


REQUIRED = [
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "max_position_embeddings",
    "rms_norm_eps",
    "layer_types",
    "rope_parameters",
    "sliding_window",
    "moe_intermediate_size",
    "num_experts",
    "num_experts_per_tok",
]


@pytest.mark.parametrize("bad", [None, -1, "many", [], True], ids=repr)
@pytest.mark.parametrize("key", REQUIRED)
def test_a_required_key_that_is_missing_or_bad_is_named(key: str, bad: object) -> None:
    with pytest.raises(ConfigError, match=key):
        ModelConfig.from_dict(small_config(**{key: bad}))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_mtp_layers": 2}, "num_mtp_layers is 2"),
        ({"num_experts_per_tok": 9}, "at most num_experts, 8"),
        ({"mlp_layer_types": ["sparse", "dense", "sparse", "odd"]}, "mlp_layer_types"),
        ({"mlp_layer_types": ["dense"] * 4, "intermediate_size": 0}, "intermediate_size is 0"),
        (
            {"rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1e4}}},
            "sliding_attention is None",
        ),
        ({"norm_topk_prob": 1}, "norm_topk_prob is 1"),
    ],
)
def test_other_faults(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        ModelConfig.from_dict(small_config(**changes))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rope_type", "llama3"),
        ("rope_theta", 0),
        ("truncate", False),
        ("mscale", 1.0),
        ("partial_rotary_factor", 0.5),
    ],
)
def test_rope_faults_are_named_with_their_place(key: str, value: object) -> None:
    raw = small_config()
    raw["rope_parameters"] = {kind: dict(entry) for kind, entry in raw["rope_parameters"].items()}
    raw["rope_parameters"]["full_attention"][key] = value
    with pytest.raises(ConfigError, match=rf"rope_parameters.full_attention.{key} is"):
        ModelConfig.from_dict(raw)


def test_what_no_layer_uses_may_be_absent() -> None:
    raw = small_config(layer_types=["full_attention"] * 4, mlp_layer_types=["dense"] * 4, sliding_window=None)
    for key in ("num_experts", "num_experts_per_tok", "moe_intermediate_size"):
        del raw[key]
    config = ModelConfig.from_dict(raw)
    assert (config.sliding_window, config.num_experts) == (0, 0)
    assert set(config.rope) == {"full_attention"}


def test_another_architecture_is_refused() -> None:
    with pytest.raises(ConfigError, match="model_type is 'llama', wanted 'mellum'"):
        ModelConfig.from_dict({"model_type": "llama"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_hidden_layers", 1025),
        ("num_hidden_layers", 10**9),
        ("num_experts", 4097),
        ("vocab_size", 10**30),
        ("rms_norm_eps", 10**400),
        ("rms_norm_eps", float("inf")),
        ("rms_norm_eps", float("nan")),
    ],
)
def test_numbers_that_no_model_has_are_refused_before_anything_is_made_of_them(key: str, value: float) -> None:
    raw = small_config(**{key: value})
    del raw["mlp_layer_types"]  # the default has an entry for each layer
    with pytest.raises(ConfigError, match=f"{key} is .*, wanted") as caught:
        ModelConfig.from_dict(raw)
    assert len(str(caught.value)) < 1000


junk = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)
)


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(sorted(RELEASED)), junk | st.dictionaries(st.text(max_size=3), junk), max_size=3)
)
def test_any_values_are_a_config_or_a_fault(changes: dict[str, Any]) -> None:
    words = "config.json"
    try:
        ModelConfig.from_dict(small_config(**changes))
    except ConfigError as error:
        words = str(error)
    assert "config.json" in words


def test_files(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"no config\.json"):
        ModelConfig.from_file(tmp_path / "config.json")
    path = tmp_path / "config.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match="cannot be read as JSON"):
        ModelConfig.from_file(path)
    path.write_text("[]")
    with pytest.raises(ConfigError, match="wanted an object"):
        ModelConfig.from_file(path)
    path.write_text(json.dumps(small_config()))
    assert ModelConfig.from_file(path) == ModelConfig.from_dict(small_config())

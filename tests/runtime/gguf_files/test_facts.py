from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import pytest

from mellum_ls.runtime.config import ModelConfig, RopeConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.gguf_files.facts import read_config
from mellum_ls.runtime.gguf_files.header import Value, read_header
from tests.fakes.checkpoints import RELEASED, small_config
from tests.fakes.gguf_models import add_facts

FILE = Path("model.gguf")


def facts_of(raw: dict[str, Any], folder: Path) -> dict[str, Value]:
    writer = gguf.GGUFWriter(folder / "facts.gguf", "mellum")
    add_facts(writer, raw)
    writer.add_token_list([f"t{number}" for number in range(raw["vocab_size"])])
    writer.add_eos_token_id(28)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return dict(read_header(folder / "facts.gguf").metadata)


def changed(metadata: Mapping[str, Value], **changes: Any) -> dict[str, Value]:
    found = {**metadata, **{f"mellum.{key.replace('__', '.')}": value for key, value in changes.items()}}
    return {key: value for key, value in found.items() if value is not None}


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Value]:
    return facts_of(small_config(), tmp_path)


@pytest.mark.parametrize("raw", [RELEASED, small_config()])
def test_the_config_is_that_of_the_model_directory(raw: dict[str, Any], tmp_path: Path) -> None:
    found, wanted = read_config(facts_of(raw, tmp_path), FILE), ModelConfig.from_dict(raw)
    yarn = wanted.rope["full_attention"].yarn
    assert yarn is not None
    # The factor is the formula's in both models, so it is computed again instead of taken from a float32.
    exact = RopeConfig(wanted.rope["full_attention"].theta, replace(yarn, attention_factor=None))
    # Dense layers there are none, so that their width means nothing.
    wanted = replace(wanted, rope={**wanted.rope, "full_attention": exact}, intermediate_size=0)
    assert found == wanted


def test_an_attention_factor_of_its_own(small: dict[str, Value]) -> None:
    found = read_config(changed(small, rope__scaling__yarn_attn_factor=1.5), FILE).rope["full_attention"].yarn
    assert found is not None
    assert found.attention_factor == 1.5


def test_defaults_are_those_of_llama_cpp(small: dict[str, Value]) -> None:
    bare = changed(
        small,
        attention__sliding_window_pattern=None,
        rope__freq_base_swa=None,
        rope__scaling__type=None,
        rope__scaling__factor=None,
        attention__key_length=None,
        attention__value_length=None,
    )
    config = read_config(bare, FILE)
    assert config.layer_types == ("sliding_attention",) * 3 + ("full_attention",)
    assert config.rope == {kind: RopeConfig(500000.0, None) for kind in ("sliding_attention", "full_attention")}
    assert config.head_dim == 8
    period = read_config(changed(bare, attention__sliding_window_pattern=2), FILE)
    assert period.layer_types == ("sliding_attention", "full_attention") * 2
    whole = read_config(changed(bare, attention__sliding_window=None), FILE)
    assert (whole.layer_types, whole.sliding_window) == (("full_attention",) * 4, 0)


def test_a_layer_for_further_tokens_is_left_out(small: dict[str, Value]) -> None:
    config = read_config(changed(small, block_count=5, nextn_predict_layers=1), FILE)
    assert (config.num_hidden_layers, config.num_mtp_layers) == (4, 0)


def test_what_ends_texts(small: dict[str, Value]) -> None:
    assert read_config(small, FILE).eos_token_ids == (28,)
    assert read_config({**small, "tokenizer.ggml.eot_token_id": 0}, FILE).eos_token_ids == (28, 0)


@pytest.mark.parametrize("found", ["llama", "qwen3moe", None])
def test_another_architecture(small: dict[str, Value], found: str | None) -> None:
    what = "does not say" if found is None else f"the architecture '{found}'"
    with pytest.raises(ConfigError, match=rf"model\.gguf .*{what}.*'mellum', that of Mellum2, is what is read"):
        read_config({**small, "general.architecture": found} if found else {}, FILE)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("block_count", None, "block_count is missing, wanted a whole number"),
        ("embedding_length", "wide", "embedding_length is 'wide', wanted a whole number"),
        ("attention__layer_norm_rms_epsilon", None, "layer_norm_rms_epsilon is missing, wanted a number > 0"),
        ("attention__layer_norm_rms_epsilon", float("nan"), "layer_norm_rms_epsilon is nan"),
        ("attention__head_count", [4, 4, 4, 2], r"attention.head_count is \[4, 4, 4, 2\]"),
        ("attention__value_length", 8, "value_length is 8, wanted that of the keys, 16"),
        ("attention__sliding_window_pattern", [True, False], "has 2 values, wanted one for each layer"),
        ("rope__scaling__type", "longrope", "scaling.type is 'longrope' with a factor, wanted 'yarn'"),
        ("rope__dimension_count", 4, "rope.dimension_count is 4"),
        ("expert_gating_func", 2, "expert_gating_func is 2, wanted 1"),
        ("expert_shared_count", 1, "expert_shared_count is 1, wanted 0"),
        ("rope__scaling__yarn_log_multiplier", 0.1, "yarn_log_multiplier is 0.1, wanted 0"),
    ],
)
def test_what_is_missing_or_cannot_be_served(small: dict[str, Value], key: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"model\.gguf cannot be used:\n(.*\n)*.*{said}"):
        read_config(changed(small, **{key: value}), FILE)


def test_heads_that_are_listed_for_each_layer(small: dict[str, Value]) -> None:
    listed = changed(small, attention__head_count_kv=[2] * 4, expert_feed_forward_length=[24] * 4)
    assert read_config(listed, FILE) == read_config(small, FILE)

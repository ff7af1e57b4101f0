import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.overrides import KEYS, NONE, Overrides, read_overrides
from tests.fakes.checkpoints import small_config, write_checkpoint

CONFIG = ModelConfig.from_dict(small_config(num_mtp_layers=1))


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_overrides(tmp_path) == NONE
    assert NONE.apply(CONFIG) == CONFIG


@pytest.mark.parametrize(
    ("key", "nearest"), [("fim_ordr", "fim_order"), ("FIM_ORDER", "fim_order"), ("context", "context_length")]
)
def test_a_key_that_nobody_knows_names_the_nearest(tmp_path: Path, key: str, nearest: str) -> None:
    (tmp_path / "mellum.json").write_text(json.dumps({key: "psm"}))
    with pytest.raises(ConfigError, match=rf"mellum\.json.*\n.*'{key}' is not known; the nearest key is {nearest}"):
        read_overrides(tmp_path)


BAD: list[tuple[str, Any]] = [
    ("fim_order", "smp"),
    ("fim_prefix", None),
    ("filename_token", 7),
    ("stop_tokens", 28),
    ("stop_tokens", [-1]),
    ("chat_template", ""),
    ("context_length", 0),
    ("yarn", True),
    ("mtp", 1),
    ("temperature", "0.2"),
    ("top_k", True),
]


def test_all_values_that_are_none_are_named_at_once(tmp_path: Path) -> None:
    for key, value in BAD:
        (tmp_path / "mellum.json").write_text(json.dumps({key: value, "top_p": 7}))
        with pytest.raises(ConfigError) as caught:
            read_overrides(tmp_path)
        assert f"{key} is {value!r}, wanted {KEYS[key][0]}" in str(caught.value)
        assert "top_p is 7, wanted a number from 0 to 1" in str(caught.value)


def test_a_file_that_is_named_wins_and_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "mellum.json").write_text('{"fim_order": "psm"}')
    mine = tmp_path / "mine.json"
    with pytest.raises(ConfigError, match=r"MELLUM_PROFILE names .*mine\.json, which is no file"):
        read_overrides(tmp_path, mine)
    mine.write_text('{"top_k": 3}')
    assert read_overrides(tmp_path, mine) == Overrides({"top_k": 3}, mine)
    mine.write_text("")
    with pytest.raises(ConfigError, match="it is empty"):
        read_overrides(tmp_path, mine)


def test_the_architecture_follows() -> None:
    short = Overrides({"context_length": 100, "mtp": False}).apply(CONFIG)
    assert (short.max_position_embeddings, short.num_mtp_layers) == (100, 0)
    assert short.rope == CONFIG.rope
    plain = Overrides({"yarn": False}).apply(CONFIG)
    assert plain.max_position_embeddings == 128
    assert all(rope.yarn is None for rope in plain.rope.values())
    for values, most in (({"context_length": 513}, 512), ({"context_length": 129, "yarn": False}, 128)):
        with pytest.raises(ConfigError, match=f"was made for {most} at most"):
            Overrides(values).apply(CONFIG)


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=5) | st.sampled_from(sorted(KEYS)), st.none() | st.integers(), max_size=3))
def test_any_object_is_read_or_refused_with_each_key_named(tmp_path_factory: Any, raw: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "mellum.json").write_text(json.dumps(raw))
    words = ""
    try:
        assert read_overrides(folder).values == raw
    except ConfigError as error:
        words = str(error)
    unknown = [key for key in raw if key not in KEYS]
    assert words.count("is not known") == len(unknown)


def test_an_engine_follows_it(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_config(num_mtp_layers=1), mtp=True)
    mine = tmp_path / "elsewhere.json"
    mine.write_text(json.dumps({"fim_order": "psm", "context_length": 64, "mtp": False}))
    engine = Engine.load(tmp_path, device="cpu", profile_file=mine)
    assert (engine.profile.fim_order, engine.config.max_position_embeddings, engine.mtp) == ("psm", 64, None)
    assert engine.max_positions <= 64

import json
from pathlib import Path

import pytest

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.profile import FimTokens, Profile, read_generation_config
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.checkpoints import small_config, tokenizer_json


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("profile") / "tokenizer.json"
    path.write_text(tokenizer_json(), encoding="utf-8")
    return Tokenizer.from_file(path)


def test_tokens_are_found_by_their_text(tokenizer: Tokenizer) -> None:
    profile = Profile.derive(ModelConfig.from_dict(small_config()), {}, tokenizer)
    assert profile.fim == FimTokens(prefix=8, middle=9, suffix=10, filename=7, reponame=20)
    assert profile.fim_order == "spm"
    assert profile.stop_ids == {0, 7, 8, 9, 10, 20, 27, 28}


@pytest.mark.parametrize(("eos", "more"), [(33, {33}), ([33, 34], {33, 34}), (None, set())])
def test_eos_comes_from_both_files(tokenizer: Tokenizer, eos: object, more: set[int]) -> None:
    config = ModelConfig.from_dict(small_config(eos_token_id=[11, 12]))
    profile = Profile.derive(config, {"eos_token_id": eos}, tokenizer)
    assert profile.stop_ids == {0, 7, 8, 9, 10, 20, 27, 28, 11, 12} | more


def test_without_sentinels_there_is_no_fim(tokenizer: Tokenizer) -> None:
    bare = Tokenizer(tokenizer.inner, {"<|endoftext|>": 0, "<fim_prefix>": 8, "<fim_middle>": 9}, "")
    assert Profile.derive(ModelConfig.from_dict(small_config()), {}, bare).fim is None


def test_the_generation_config_is_optional_but_must_be_sound(tmp_path: Path) -> None:
    path = tmp_path / "generation_config.json"
    assert read_generation_config(path) == {}
    path.write_text(json.dumps({"eos_token_id": [0, 28]}))
    assert read_generation_config(path)["eos_token_id"] == [0, 28]
    for content in ("{", "[]", '{"eos_token_id": "x"}', '{"eos_token_id": [true]}'):
        path.write_text(content)
        with pytest.raises(ConfigError, match=r"generation_config\.json"):
            read_generation_config(path)

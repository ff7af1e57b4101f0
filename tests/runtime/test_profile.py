import json
from pathlib import Path

import pytest

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.overrides import Overrides, read_overrides
from mellum_ls.runtime.profile import FimTokens, Profile, read_generation_config, read_profile
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.chat_templates import MELLUM_2_0, MELLUM_2_1
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
    for content in ("{", "[]", '{"eos_token_id": "x"}', '{"eos_token_id": [true]}', '{"top_p": "1"}', ""):
        path.write_text(content)
        with pytest.raises(ConfigError, match=r"generation_config\.json"):
            read_generation_config(path)


CONFIG = ModelConfig.from_dict(small_config(eos_token_id=0))


def folder(tmp_path: Path, **files: object) -> Path:
    for name, content in files.items():
        suffix = ".jinja" if name.endswith("template") else ".json"
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / (name + suffix)).write_text(text, encoding="utf-8")
    return tmp_path


def test_everything_comes_from_the_files_and_each_value_says_from_which(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """As the released 2.1: eos 28 in generation_config.json only, and stop ids beside it that nobody lists."""
    model_dir = folder(
        tmp_path,
        generation_config={"eos_token_id": 28, "temperature": 0.6, "top_p": 0.95, "top_k": 20},
        tokenizer_config={"eos_token": {"content": "<|extra_token_7|>"}},
        chat_template=MELLUM_2_1,
    )
    profile = read_profile(model_dir, CONFIG, tokenizer)
    assert profile.stop_ids == {0, 7, 8, 9, 10, 20, 27, 28, 33}
    assert profile.sampling == {"temperature": 0.6, "top_p": 0.95, "top_k": 20}
    assert profile.chat is not None
    assert profile.chat.has_switch()
    assert profile.origins == {
        "fim_order": "default",
        "fim": "tokenizer.json",
        "stop_ids": "config.json, generation_config.json, tokenizer_config.json, tokenizer.json",
        "temperature": "generation_config.json",
        "top_p": "generation_config.json",
        "top_k": "generation_config.json",
    }


def test_a_template_without_a_switch(tmp_path: Path, tokenizer: Tokenizer) -> None:
    chat = read_profile(folder(tmp_path, chat_template=MELLUM_2_0), CONFIG, tokenizer).chat
    assert chat is not None
    assert not chat.has_switch()


def test_the_user_is_right(tmp_path: Path, tokenizer: Tokenizer) -> None:
    said = {
        "fim_order": "psm",
        "fim_prefix": "<fim_suffix>",
        "filename_token": None,
        "stop_tokens": ["<|im_end|>", 11],
        "chat_template": "mine_template.jinja",
        "thinking_switch": "think",
        "temperature": 0.2,
    }
    template = "{% for m in messages %}{{ m.content }}{% endfor %}{% if think is defined %}!{% endif %}"
    model_dir = folder(
        tmp_path,
        mellum=said,
        mine_template=template,
        chat_template=MELLUM_2_1,
        generation_config={"temperature": 1, "top_k": 5},
    )
    profile = read_profile(model_dir, CONFIG, tokenizer, read_overrides(model_dir))
    assert profile.fim == FimTokens(prefix=10, middle=9, suffix=10, filename=None, reponame=20)
    assert profile.fim_order == "psm"
    assert profile.stop_ids == {28, 11}
    assert profile.sampling == {"temperature": 0.2, "top_k": 5}
    assert profile.chat is not None
    assert profile.chat.has_switch()
    assert profile.origins["stop_ids"] == profile.origins["fim_order"] == "mellum.json"
    assert profile.origins["fim"] == "tokenizer.json, mellum.json"
    assert (profile.origins["temperature"], profile.origins["top_k"]) == ("mellum.json", "generation_config.json")


def test_a_model_that_shall_not_chat(tmp_path: Path, tokenizer: Tokenizer) -> None:
    model_dir = folder(tmp_path, mellum={"chat_template": None}, chat_template=MELLUM_2_1)
    profile = read_profile(model_dir, CONFIG, tokenizer, read_overrides(model_dir))
    assert (profile.chat, profile.no_chat) == (None, "mellum.json says that it does not")


@pytest.mark.parametrize(
    ("key", "value"), [("fim_prefix", "<prefix>"), ("stop_tokens", ["<end>"]), ("stop_tokens", [400])]
)
def test_tokens_that_the_model_has_not(key: str, value: object, tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match=rf"mellum\.json: {key} .* no .*token of this model"):
        Profile.derive(CONFIG, {}, tokenizer, overrides=Overrides({key: value}))

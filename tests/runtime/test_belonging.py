import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.runtime.belonging import named_tokens, read_tokenizer
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError, ModelNotFound, TokenizerError
from tests.fakes.checkpoints import VOCAB, small_config, tokenizer_json


def folder(tmp_path: Path, tokenizer: str | None = None, settings: dict[str, Any] | None = None) -> Path:
    (tmp_path / "tokenizer.json").write_text(tokenizer_json() if tokenizer is None else tokenizer, encoding="utf-8")
    if settings is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    return tmp_path


def config(**changes: Any) -> ModelConfig:
    return ModelConfig.from_dict(small_config(**changes))


def test_a_tokenizer_that_belongs(tmp_path: Path) -> None:
    listed = {"added_tokens_decoder": {"8": {"content": "<fim_prefix>"}, "28": {"content": "<|im_end|>"}}}
    assert read_tokenizer(folder(tmp_path, settings=listed), config()).vocab_size == VOCAB


def test_one_of_more_ids_than_there_are_rows(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"tokenizer\.json has 400 ids, the weights 300. Take all files"):
        read_tokenizer(folder(tmp_path), config(vocab_size=300))


def test_one_where_the_end_of_a_text_is_a_word(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"tokenizer of another model.*the id 100, which is no special token"):
        read_tokenizer(folder(tmp_path), config(eos_token_id=[28, 100]))


def test_one_whose_special_tokens_are_others(tmp_path: Path) -> None:
    settings = {"added_tokens_decoder": {"8": {"content": "<fim_middle>"}}}
    with pytest.raises(TokenizerError, match=r"another model: tokenizer_config\.json gives '<fim_middle>' the id 8.*9"):
        read_tokenizer(folder(tmp_path, settings=settings), config())


def test_a_much_smaller_one_is_suspicious(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_tokenizer(folder(tmp_path), config(vocab_size=8000))
    assert "has 400 ids, the weights 8000" in caplog.text


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no tokenizer"):
        read_tokenizer(tmp_path, config())
    folder(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("")
    with pytest.raises(ConfigError, match=r"tokenizer_config\.json.*it is empty"):
        read_tokenizer(tmp_path, config())


def test_lists_of_another_shape_say_nothing() -> None:
    for listed in (None, [], {"x": {"content": "a"}}, {"1": "a"}, {"1": {"content": 2}}, {"²": {"content": "a"}}):
        assert named_tokens({"added_tokens_decoder": listed}) == {}

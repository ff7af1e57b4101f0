"""The ids of a conversation are those of transformers, and nothing that is said becomes a special token."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from mellum_ls.runtime.chat import NO_TEMPLATE, ChatFormat, Message, read_chat_format
from mellum_ls.runtime.chat_template import ChatTemplate
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.tokenizer import Tokenizer
from tests.fakes.chat_templates import MELLUM_2_0, MELLUM_2_1
from tests.fakes.checkpoints import ADDED_TOKENS, tokenizer_json

TEMPLATES = {"2.0": MELLUM_2_0, "2.1": MELLUM_2_1}
TALK = (Message("system", "Be brief."), Message("user", "def add(a, b):\n    return a + 2  # größer 🙂\n"))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("chat") / "tokenizer.json"
    path.write_text(tokenizer_json(), encoding="utf-8")
    return Tokenizer.from_file(path)


@pytest.fixture(scope="module")
def rival(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerFast:
    path = tmp_path_factory.mktemp("rival") / "tokenizer.json"
    path.write_text(tokenizer_json(), encoding="utf-8")
    return PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token="<|im_end|>")


def chat_format(release: str, tokenizer: Tokenizer) -> ChatFormat:
    return ChatFormat(ChatTemplate(TEMPLATES[release]), tokenizer)


def said(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in messages]


@pytest.mark.parametrize("release", TEMPLATES)
@pytest.mark.parametrize("thinking", [False, True])
def test_text_and_ids_are_those_of_transformers(
    release: str, thinking: bool, tokenizer: Tokenizer, rival: PreTrainedTokenizerFast
) -> None:
    mine = chat_format(release, tokenizer)
    names: dict[str, Any] = {} if thinking else {"enable_thinking": False}
    talk = (*TALK, Message("assistant", "It adds."), Message("user", "Twice?\n\n"))
    for messages in (TALK, talk, TALK[1:]):
        given = {"chat_template": TEMPLATES[release], "add_generation_prompt": True, **names}
        assert mine.text(messages, thinking=thinking) == rival.apply_chat_template(
            said(messages), tokenize=False, **given
        )
        assert mine.ids(messages, thinking=thinking) == list(
            rival.apply_chat_template(said(messages), tokenize=True, return_dict=False, **given)
        )


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(st.sampled_from([*ADDED_TOKENS, "a", " ", "\n", "<", ">", "|", "\ue000", "\ue001"]), max_size=8))
def test_what_is_said_is_text_and_comes_back(parts: list[str], tokenizer: Tokenizer) -> None:
    spoken = "".join(parts)
    mine = chat_format("2.1", tokenizer)
    ids = mine.ids([Message("user", spoken)])
    plain = mine.ids([Message("user", "")])
    special = set(tokenizer.special_ids.values())
    assert [number for number in ids if number in special] == [number for number in plain if number in special]
    assert tokenizer.decode(ids) == f"user\n{spoken}\nassistant\n\n\n\n\n"


def test_a_prompt_that_ends_in_a_thought_is_known(tokenizer: Tokenizer) -> None:
    open_ended = ChatFormat(ChatTemplate(MELLUM_2_0 + "{{ '<think>\n' }}"), tokenizer)
    assert open_ended.thinks(open_ended.ids(TALK))
    assert not chat_format("2.1", tokenizer).thinks(chat_format("2.1", tokenizer).ids(TALK))
    assert not chat_format("2.0", tokenizer).thinks(chat_format("2.0", tokenizer).ids(TALK))


def test_a_conversation_with_every_private_character_is_refused(tokenizer: Tokenizer) -> None:
    everything = "".join(map(chr, range(0xE000, 0xF8FF)))
    with pytest.raises(ConfigError, match="private"):
        chat_format("2.0", tokenizer).ids([Message("user", everything)])


def test_the_template_is_found_in_either_file(tmp_path: Path, tokenizer: Tokenizer) -> None:
    assert read_chat_format(tmp_path, tokenizer) == (None, NO_TEMPLATE)
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text(json.dumps({"chat_template": MELLUM_2_0}), encoding="utf-8")
    found, reason = read_chat_format(tmp_path, tokenizer)
    assert (found is not None, reason) == (True, "")
    settings.write_text(json.dumps({"chat_template": [{"name": "default", "template": MELLUM_2_0}]}), encoding="utf-8")
    assert read_chat_format(tmp_path, tokenizer)[0] is not None
    (tmp_path / "chat_template.jinja").write_text(MELLUM_2_1, encoding="utf-8")
    found, _ = read_chat_format(tmp_path, tokenizer)
    assert found is not None
    assert found.text(TALK).endswith("</think>\n\n")


@pytest.mark.parametrize(
    "template",
    ["{{ raise_exception('no system, please') }}", "{% if %}", "nothing that was said", "{{ messages[1].content }}"],
)
def test_a_template_that_cannot_be_used_is_a_reason(template: str, tmp_path: Path, tokenizer: Tokenizer) -> None:
    (tmp_path / "chat_template.jinja").write_text(template, encoding="utf-8")
    found, reason = read_chat_format(tmp_path, tokenizer)
    assert found is None
    assert reason.startswith("it cannot be used: the chat template")


def test_broken_files_are_a_reason(tmp_path: Path, tokenizer: Tokenizer) -> None:
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff\xfe")
    assert "cannot be read" in read_chat_format(tmp_path, tokenizer)[1]
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "tokenizer_config.json").write_text("{", encoding="utf-8")
    assert "cannot be read as JSON" in read_chat_format(tmp_path, tokenizer)[1]


def test_names_of_tokens_are_taken_from_the_settings(tmp_path: Path, tokenizer: Tokenizer) -> None:
    named = {"bos_token": {"content": "<|endoftext|>"}, "eos_token": "<|im_end|>", "pad_token": None}
    template = "{{ bos_token }}{{ messages | map(attribute='content') | join }}{{ eos_token }}{{ pad_token }}"
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({**named, "chat_template": template}), encoding="utf-8")
    found, _ = read_chat_format(tmp_path, tokenizer)
    assert found is not None
    assert found.ids([Message("user", "")]) == [0, 28]

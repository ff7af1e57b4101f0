"""The prompt of a conversation: messages in, ids out, laid out as the checkpoint's own chat template says.

Special tokens come from the template alone: what looks like one in a message is text, as everywhere.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mellum_ls.runtime.belonging import read_tokenizer_config
from mellum_ls.runtime.chat_template import ChatTemplate
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.tokenizer import Tokenizer

TEMPLATE_FILE = "chat_template.jinja"
NO_TEMPLATE = "it has no chat template"
THINK, END_OF_THINK = "<think>", "</think>"
SWITCH = "enable_thinking"
# Kept out of special tokens that a message spells, so that those of the template can be told from them.
_PRIVATE = range(0xE000, 0xF8FF)
_TOKEN_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """system, user or assistant."""
    text: str


class ChatFormat:
    """How one checkpoint is talked to. Raises ConfigError where its template cannot render a plain conversation."""

    def __init__(self, template: ChatTemplate, tokenizer: Tokenizer, switch: str | None = SWITCH) -> None:
        """`switch` is the template's variable that thoughts are switched off by; None leaves it to the template."""
        self._template, self._tokenizer, self._switch = template, tokenizer, switch
        longest_first = sorted(tokenizer.special_ids, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self.think_id = tokenizer.id_of(THINK)
        self.end_of_think_id = tokenizer.id_of(END_OF_THINK)
        probe = self.text((Message("system", "mellum-1"), Message("user", "mellum-2")))
        if not 0 <= probe.find("mellum-1") < probe.find("mellum-2"):
            raise ConfigError("the chat template leaves out what is said")

    def text(self, messages: Sequence[Message], *, thinking: bool = False) -> str:
        """The prompt as text. Raises ConfigError as the template does."""
        return self._render(messages, thinking=thinking)

    def ids(self, messages: Sequence[Message], *, thinking: bool = False) -> list[int]:
        """The prompt's ids, up to where the model's answer begins; without `thinking` the template's own switch for
        it is off, where it has one. Raises ConfigError as the template does.
        """
        mark = _unused_character(messages)
        guarded = [Message(message.role, self._guard(message.text, mark)) for message in messages]
        return list(self._encoded(self._render(guarded, thinking=thinking), mark))

    def has_switch(self) -> bool:
        """Whether the template lays out a conversation differently when thoughts are switched off."""
        said = (Message("user", "mellum"),)
        return self._render(said, thinking=True) != self._render(said, thinking=False)

    def thinks(self, ids: Sequence[int]) -> bool:
        """Whether a prompt with these ids ends in the middle of the model's thoughts."""
        places = {number: place for place, number in enumerate(ids)}
        opened = -1 if self.think_id is None else places.get(self.think_id, -1)
        return opened > (-1 if self.end_of_think_id is None else places.get(self.end_of_think_id, -1))

    def _render(self, messages: Sequence[Message], *, thinking: bool) -> str:
        said = [{"role": message.role, "content": message.text} for message in messages]
        # Left out, not true: a template without the name has a default of its own.
        switch: dict[str, Any] = {} if thinking or self._switch is None else {self._switch: False}
        return self._template.render(said, **switch)

    def _guard(self, text: str, mark: str) -> str:
        return self._special.sub(lambda found: mark.join(found[0]), text)

    def _encoded(self, text: str, mark: str) -> Iterator[int]:
        start = 0
        for found in self._special.finditer(text):
            yield from self._tokenizer.encode(text[start : found.start()].replace(mark, ""))
            yield self._tokenizer.special_ids[found[0]]
            start = found.end()
        yield from self._tokenizer.encode(text[start:].replace(mark, ""))


def read_chat_format(
    model_dir: Path, tokenizer: Tokenizer, *, template: Path | None = None, switch: str | None = SWITCH
) -> tuple[ChatFormat | None, str]:
    """How the checkpoint is talked to, or None and why it cannot be, in words to put behind its name.

    The template is the file `template`, or else chat_template.jinja, or else `chat_template` in tokenizer_config.json.
    """
    try:
        settings = read_tokenizer_config(model_dir)
        source = _template(model_dir, settings) if template is None else _read(template)
        if source is None:
            return None, NO_TEMPLATE
        return ChatFormat(ChatTemplate(source, _special_tokens(settings)), tokenizer, switch), ""
    except ConfigError as error:
        logger.warning("no chat with %s: %s", model_dir, error)
        return None, f"it cannot be used: {error}"


def _template(model_dir: Path, settings: dict[str, Any]) -> str | None:
    file = model_dir / TEMPLATE_FILE
    if file.is_file():
        return _read(file)
    source = settings.get("chat_template")
    if isinstance(source, list):
        # Several by name: [{"name": "default", "template": …}, …].
        source = next((each.get("template") for each in source if isinstance(each, dict)), None)
    return source if isinstance(source, str) else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {type(error).__name__}") from error


def _special_tokens(settings: dict[str, Any]) -> dict[str, str]:
    found = {name: settings.get(name) for name in _TOKEN_NAMES}
    texts = {name: value.get("content") if isinstance(value, dict) else value for name, value in found.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def _unused_character(messages: Sequence[Message]) -> str:
    used = {letter for message in messages for letter in message.text if ord(letter) in _PRIVATE}
    free = next((chr(code) for code in _PRIVATE if chr(code) not in used), None)
    if free is None:
        raise ConfigError("the conversation uses every private character there is")
    return free

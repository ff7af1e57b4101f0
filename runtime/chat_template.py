"""A checkpoint's own chat template (Jinja) as transformers renders it: in a sandbox, within limits of size and time.

Knows text alone: what becomes of the text is chat.py's. The sandbox and its additions are those of
`transformers.PreTrainedTokenizerBase.apply_chat_template`, which a test compares with, byte for byte.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import FrameType
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import CallBlock, Node
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from mellum_ls.runtime.errors import ConfigError

MOST_TEMPLATE_CHARS = 128 * 1024
"""Of a template. The released ones have less than five thousand."""
MOST_TEXT_CHARS = 4 * 1024 * 1024
"""Of what it renders, and of any text that it makes by repetition on the way."""
MOST_SECONDS = 1.0
"""A rendering takes less than a hundredth of that."""

Trace = Callable[[FrameType, str, Any], Any]


class ChatTemplate:
    """One template. `special_tokens` are the names that a tokenizer_config.json gives to tokens, such as `bos_token`.

    Raises ConfigError for a template that is too long or no Jinja. `clock` gives seconds.
    """

    def __init__(
        self,
        source: str,
        special_tokens: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if len(source) > MOST_TEMPLATE_CHARS:
            raise ConfigError(f"the chat template has {len(source)} characters, at most {MOST_TEMPLATE_CHARS} are read")
        self._special_tokens = dict(special_tokens or {})
        self._clock = clock
        try:
            self._template = _environment().from_string(source)
        except Exception as error:
            raise ConfigError(f"the chat template is no usable Jinja template: {_said(error)}") from error

    def render(self, messages: Sequence[Mapping[str, Any]], *, answering: bool = True, **names: Any) -> str:
        """The prompt of a conversation, a message being {"role": …, "content": …}; with `answering` it is the model's
        turn. `names` are further names that the template may ask for, such as `enable_thinking`.

        Raises ConfigError when the template refuses the conversation, fails, or passes a limit. Not reentrant.
        """
        given = {**self._special_tokens, **names}
        given |= {"messages": [dict(message) for message in messages], "tools": None, "documents": None}
        end = self._clock() + MOST_SECONDS
        before = sys.gettrace()
        sys.settrace(self._until(end))
        try:
            text = "".join(_measured(self._template.generate(**given, add_generation_prompt=answering)))
        except Exception as error:
            raise ConfigError(f"the chat template cannot render this conversation: {_said(error)}") from error
        finally:
            sys.settrace(before)
        return text

    def _until(self, end: float) -> Trace:
        """A trace function that ends whatever runs after `end`: a template can loop without writing anything."""

        def trace(frame: FrameType, event: str, arg: Any) -> Trace:
            if self._clock() > end:
                raise TimeoutError(f"it takes more than {MOST_SECONDS:g} s")
            return trace

        return trace


def _measured(pieces: Any) -> Any:
    count = 0
    for piece in pieces:
        count += len(piece)
        if count > MOST_TEXT_CHARS:
            raise SecurityError(f"it writes more than {MOST_TEXT_CHARS} characters")
        yield piece


def _said(error: Exception) -> str:
    # The template's own words, or the parser's; neither quotes a message.
    kept = (jinja2.TemplateError, TimeoutError)
    return str(error) if isinstance(error, kept) and str(error) else type(error).__name__


class _Sandbox(ImmutableSandboxedEnvironment):
    """Refuses to make long texts out of short ones, which no trace function could interrupt."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            for text, count in ((left, right), (right, left)):
                if isinstance(text, str | list | tuple) and type(count) is int and len(text) * count > MOST_TEXT_CHARS:
                    raise SecurityError("it repeats a text too often")
        elif operator == "**" and max(abs(left), abs(right)) > 1 << 16:
            raise SecurityError("it asks for too large a power")
        return super().call_binop(context, operator, left, right)


class _Generation(Extension):
    """`{% generation %}` marks what the model has written, for training; here it is no more than its content."""

    tags = {"generation"}  # noqa: RUF012 -- as the base class declares it

    def parse(self, parser: Parser) -> Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return CallBlock(self.call_method("_content"), [], [], body).set_lineno(line)

    def _content(self, caller: Callable[[], str]) -> str:
        return caller()


class _Dict:
    """`dict` without the attributes of a type, through which a template could leave the sandbox."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args, **kwargs)


class _Namespace(Namespace):
    """`namespace` that takes no names with an underscore in front, which lead to the insides of Python."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        self, *rest = args
        attributes = dict(*rest, **kwargs)
        for name in attributes:
            _refuse_hidden(name)
        Namespace.__init__(self, attributes)

    def __setitem__(self, name: str, value: Any) -> None:
        _refuse_hidden(name)
        super().__setitem__(name, value)


def _refuse_hidden(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError("it stores an attribute whose name begins with an underscore")


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _tojson(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    # Jinja's own writes HTML entities.
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


def _environment() -> _Sandbox:
    environment = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    environment.filters["tojson"] = _tojson
    environment.globals |= {
        "raise_exception": _raise_exception,
        "strftime_now": _strftime_now,
        "dict": _Dict(),
        "namespace": _Namespace,
    }
    return environment

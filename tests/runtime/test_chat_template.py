"""Templates render as transformers renders them, and cannot leave their sandbox, their time or their room."""

import itertools
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.utils.chat_template_utils import render_jinja_template

from mellum_ls.runtime.chat_template import MOST_TEMPLATE_CHARS, ChatTemplate
from mellum_ls.runtime.errors import ConfigError
from tests.fakes.chat_templates import MELLUM_2_0, MELLUM_2_1

TEMPLATES = {"2.0": MELLUM_2_0, "2.1": MELLUM_2_1}
TEXT = st.text(max_size=20) | st.sampled_from(
    ["", " ", "\n", "{{ x }}", "{% raw %}", "<think>", "</think>\n\nso", "<|im_end|>", "größer\u2028 🙂", "a\r\nb"]
)


def oracle(template: str, messages: list[dict[str, Any]], *, answering: bool = True, **names: Any) -> str:
    """The prompt according to transformers."""
    rendered, _ = render_jinja_template([messages], chat_template=template, add_generation_prompt=answering, **names)
    return str(rendered[0])


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    start = [{"role": "system", "content": draw(TEXT)}] if draw(st.booleans()) else []
    turns = []
    for number in range(draw(st.integers(1, 4))):
        turn: dict[str, Any] = {"role": "assistant" if number % 2 else "user", "content": draw(TEXT)}
        if number % 2 and draw(st.booleans()):
            turn["reasoning_content"] = draw(TEXT)
        turns.append(turn)
    return start + turns


@pytest.mark.parametrize("release", TEMPLATES)
@settings(max_examples=150, deadline=None)
@given(messages=conversations(), answering=st.booleans(), off=st.booleans())
def test_it_renders_what_transformers_renders(
    release: str, messages: list[dict[str, Any]], answering: bool, off: bool
) -> None:
    names = {"enable_thinking": False} if off else {}
    template = ChatTemplate(TEMPLATES[release])
    assert template.render(messages, answering=answering, **names) == oracle(
        TEMPLATES[release], messages, answering=answering, **names
    )


def test_the_switch_of_2_1_closes_the_thought() -> None:
    said = [{"role": "user", "content": "hi"}]
    assert ChatTemplate(MELLUM_2_1).render(said, enable_thinking=False).endswith("assistant\n<think>\n\n</think>\n\n")
    assert ChatTemplate(MELLUM_2_1).render(said).endswith("<|im_start|>assistant\n")
    assert ChatTemplate(MELLUM_2_0).render(said, enable_thinking=False).endswith("<|im_start|>assistant\n")


def test_what_templates_may_use_is_there() -> None:
    source = (
        "{{ bos_token }}{{ {'a': '<ü>'} | tojson }}{{ strftime_now('%%') }}{{ dict(a=1).a }}"
        "{% for n in range(9) %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}"
    )
    mine = ChatTemplate(source, {"bos_token": "<s>"}).render([])
    assert mine == oracle(source, [], bos_token="<s>") == '<s>{"a": "<ü>"}%101'


REFUSED = {
    "asks for it": "{{ raise_exception('only one message, please') }}",
    "attributes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "changes": "{% set _ = messages.append(1) %}",
    "hidden name": "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
    "hidden names": "{% set ns = namespace(_a=1) %}",
    "dict's type": "{{ dict.__init__.__globals__ }}",
    "repeats": "{{ 'x' * 999999999 }}",
    "repeats lists": "{{ [1] * 999999999 }}",
    "powers": "{{ 9 ** 999999 }}",
    "writes": "{% for i in range(9999) %}{{ 'x' * 1000 }}{% endfor %}",
    "reads a file": "{% include '/etc/passwd' %}",
    "recursion": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "undefined": "{{ nothing.at.all }}",
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_template_that_goes_too_far_is_refused(case: str) -> None:
    with pytest.raises(ConfigError, match="cannot render"):
        ChatTemplate(REFUSED[case]).render([{"role": "user", "content": "a secret"}])


def test_the_templates_own_words_are_passed_on() -> None:
    with pytest.raises(ConfigError, match="only one message, please"):
        ChatTemplate(REFUSED["asks for it"]).render([])


def test_a_template_that_loops_without_a_word_is_ended_in_time() -> None:
    ticks = itertools.count()
    source = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    before = sys.gettrace()
    with pytest.raises(ConfigError, match="it takes more than 1 s"):
        ChatTemplate(source, clock=lambda: next(ticks) / 1000).render([])
    assert sys.gettrace() is before


@pytest.mark.parametrize("source", ["{% if %}", "{{ ", "{% generation %}", "x" * (MOST_TEMPLATE_CHARS + 1)])
def test_what_is_no_template_is_refused(source: str) -> None:
    with pytest.raises(ConfigError):
        ChatTemplate(source)

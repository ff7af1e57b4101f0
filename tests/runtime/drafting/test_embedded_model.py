"""The embedded model's own answers: the same with any source, at any depth, and after any cancel."""

import inspect
import textwrap
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.drafting.drafter import SOURCES, Drafting
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams

CODE = inspect.getsource(textwrap)
PARAMS = GenerationParams(24, "block")


@cache
def engine() -> Engine:
    return Engine.load(model_directory(None), draft=True)


def fresh() -> Engine:
    """It drafts nothing and holds nothing: what was computed without drafts has no states for the MTP layer."""
    base = engine()
    base.drafting = None
    base.drop_sessions()
    return base


@given(
    place=st.integers(200, len(CODE) - 200),
    sources=st.sets(st.sampled_from(SOURCES), min_size=1).map(lambda names: tuple(sorted(names))),
    depth=st.integers(1, 12),
    size=st.sampled_from([None, 200]),
    expects=st.sampled_from(["nothing", "the answer", "its end", "other code"]),
    cancelled_after=st.integers(0, 4),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_greedy_answers_are_those_without_drafts(
    place: int, sources: tuple[str, ...], depth: int, size: int | None, expects: str, cancelled_after: int
) -> None:
    base = fresh()
    assert base.model.dtype == torch.float32
    prompt = Prompt(CODE[max(0, place - 600) : place], CODE[place : place + 200], "textwrap.py")
    plain = base.complete("plain", prompt, PARAMS)
    expected = {
        "nothing": "",
        "the answer": plain.text,
        "its end": plain.text[len(plain.text) // 2 :],
        "other code": CODE[place : place + 100],
    }[expects]
    fresh().drafting = Drafting(Always(depth), DraftVocabulary(base.model.weights.lm_head, size), sources)
    run = base.begin("drafted", prompt, PARAMS, predicted=expected)
    for _ in range(cancelled_after):
        run.step()
    assert plain.text.startswith(run.cancel().text)
    drafted = base.complete("drafted", prompt, PARAMS, predicted=expected)
    assert (drafted.text, drafted.reason) == (plain.text, plain.reason)
    # The tokens themselves: the next prompt finds in the cache what these answers left there.
    longer = replace(prompt, prefix=prompt.prefix + plain.text)
    with_drafts = base.complete("drafted", longer, PARAMS)
    assert with_drafts.text == fresh().complete("plain", longer, PARAMS).text


@pytest.mark.parametrize("source", ["mtp", "suffix"])
def test_drafts_of_each_source_are_checked_in_such_answers(source: str) -> None:
    base = fresh()
    base.drafting = drafting = Drafting(Always(4), DraftVocabulary(base.model.weights.lm_head), (source,))
    for place in range(400, 2400, 400):
        base.complete("drafted", Prompt(CODE[:place], CODE[place : place + 200], "textwrap.py"), PARAMS)
    counted = drafting.tally.sources[source]
    assert 0 < sum(counted.held) < sum(counted.checked)

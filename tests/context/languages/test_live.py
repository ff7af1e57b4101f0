from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.live import LiveTree, changed_span
from mellum_ls.context.languages.parsing import parse
from tests.context.languages.sample_texts import BY_NAME, Edit, edited, edits, grammars, sample

PYTHON = BY_NAME["python"]
LINES = [
    "x = 1\n",
    "def ü(a):\n    return a\n",
    "class A:\n    b: int\n",
    "\n",
    "if x:\n    y()\n",
    '"""\U0001d4b3"""\n',
]


def expression(text: str | bytes, grammar: Grammar) -> str:
    tree = parse(text.encode() if isinstance(text, str) else text, grammar, max_seconds=60)
    assert tree is not None
    return str(tree.root_node)


def patient(grammar: Grammar) -> LiveTree:
    return LiveTree(grammar, max_seconds=60)


@given(grammars(), edits())
def test_after_any_edits_it_is_the_tree_of_the_text(grammar: Grammar, changes: list[Edit]) -> None:
    """Errors included: a parser may recover from them in more than one way, but not by what was typed before."""
    text = original = sample(grammar)
    live = patient(grammar)
    live.update(text)
    for change in changes:
        text = edited(text, change)
        tree = live.update(text)
        assert tree is not None
        assert tree.root_node.end_byte <= len(text.encode())
        fresh = parse(text.encode("utf-8", "replace"), grammar, max_seconds=60)
        assert fresh is not None
        assert str(tree.root_node) == str(fresh.root_node)
    tree = live.update(original)
    assert tree is not None
    assert str(tree.root_node) == expression(original, grammar)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2), st.sampled_from(LINES)), max_size=12))
def test_edits_that_keep_the_syntax_give_the_same_tree(changes: list[tuple[int, int, str]]) -> None:
    parts = list(LINES)
    live = patient(PYTHON)
    for at, gone, new in changes:
        parts[at : at + gone] = [new]
        tree = live.update("".join(parts))
        assert tree is not None
        assert str(tree.root_node) == expression("".join(parts), PYTHON)


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_typing_a_text_ends_in_its_tree(grammar: Grammar) -> None:
    text = sample(grammar)
    live = patient(grammar)
    for end in range(0, len(text), 7):
        live.update(text[:end])
    tree = live.update(text)
    assert tree is not None
    assert str(tree.root_node) == expression(text, grammar)


def test_an_edit_does_not_parse_again_what_it_leaves_alone() -> None:
    body = "".join(f"    a = f(a, {number}) + g[a]\n" for number in range(40))
    text = "".join(f"def f{number}(a):\n{body}    return a + {number}\n\n" for number in range(50))
    looks = count()
    live = LiveTree(PYTHON, max_seconds=1e9, clock=lambda: float(next(looks)))
    live.update(text)
    first = next(looks)
    live.update(text.replace("a + 25", "a + 251"))
    second = next(looks) - first
    assert first > 100
    assert second < first / 5


def test_the_same_text_has_the_same_tree() -> None:
    live = patient(PYTHON)
    tree = live.update("x = 1\n")
    assert live.update(b"x = 1\n") is tree
    assert live.text == b"x = 1\n"
    assert live.tree is tree


def test_a_large_text_has_no_tree_until_it_is_small_again() -> None:
    live = LiveTree(PYTHON, max_bytes=20)
    assert live.update("x = 1\n") is not None
    assert live.update("x = 1\n" * 9) is None
    assert live.tree is None
    tree = live.update("y = 2\n")
    assert tree is not None
    assert str(tree.root_node) == expression("y = 2\n", PYTHON)
    assert not live.is_resting


def test_a_text_that_is_too_slow_is_tried_ever_more_rarely() -> None:
    text = sample(PYTHON) * 50
    ticks = count()
    live = LiveTree(PYTHON, max_seconds=1, clock=lambda: float(next(ticks)))
    tried = []
    for number in range(60):
        before = next(ticks)
        assert live.update(text + "#" * number) is None
        if next(ticks) > before + 1:
            tried.append(number)
    assert tried == [0, 1, 2, 11, 28]
    assert live.is_resting


def test_a_text_that_is_fast_again_is_parsed_each_time() -> None:
    text = sample(PYTHON) * 50
    now = [0.0, 1.0]

    def clock() -> float:
        now[0] += now[1]
        return now[0]

    live = LiveTree(PYTHON, max_seconds=1, clock=clock)
    for number in range(3):
        live.update(text + "#" * number)
    assert live.is_resting
    now[1] = 0.0
    trees = [live.update(f"x = {number}\n") for number in range(20)]
    assert [tree is None for tree in trees] == [True] * 8 + [False] * 12
    assert not live.is_resting


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    live = patient(PYTHON)
    live.update("x = '\ud835'\n")
    assert live.text == b"x = '?'\n"


@given(st.text(), st.text(), st.text(), st.text())
def test_the_span_is_what_differs(head: str, old: str, new: str, tail: str) -> None:
    before, after = (head + old + tail).encode(), (head + new + tail).encode()
    start, old_end, new_end = changed_span(before, after)
    assert before[:start] == after[:start]
    assert before[old_end:] == after[new_end:]
    assert start <= old_end
    assert start <= new_end
    assert before[:start] + after[start:new_end] + before[old_end:] == after
    assert old_end - start <= len(old.encode()) + 3
    for part in (before[:start], before[start:old_end], after[start:new_end], before[old_end:]):
        part.decode()

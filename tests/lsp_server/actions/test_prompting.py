import re
from dataclasses import replace

from mellum_ls.lsp_server.actions.kinds import DOCUMENT, EXPLAIN, FIX, KINDS, TESTS
from mellum_ls.lsp_server.actions.prompting import (
    ABOVE_CHARS,
    BELOW_CHARS,
    RELATED_CHARS,
    Situation,
    conversation,
    once_more,
)
from mellum_ls.lsp_server.actions.wanted import Problem

LINES = ("import os", "", "def one():", "    return uno", "", "last = 2")
HERE = Situation(FIX, "src/a.py", "python", LINES, 2, 3, ("def one()",), (("b.py", "uno = 1"),), (Problem(3, "odd"),))


def asked(situation: Situation) -> str:
    system, user = conversation(situation)
    assert (system.role, user.role) == ("system", "user")
    return user.text


def test_all_that_is_known_is_said_once() -> None:
    text = asked(HERE)
    for part in ("src/a.py", "import os", "last = 2", "b.py\n```\nuno = 1\n```", "- line 4: odd\n", "lines 3 to 4"):
        assert text.count(part) == 1
    assert "```python\ndef one():\n    return uno\n```" in text
    assert "The file defines:\n\n```\ndef one()\n```" in text


def test_each_kind_has_its_task_and_its_form() -> None:
    texts = {kind: asked(replace(HERE, kind=kind, new_file="tests/test_a.py")) for kind in KINDS}
    assert len(set(texts.values())) == len(KINDS)
    assert "the new text of the part" in texts[DOCUMENT]
    assert "the new file tests/test_a.py" in texts[TESTS]
    assert "one fenced code block" not in texts[EXPLAIN]
    assert "The programmer asks: faster" in asked(replace(HERE, instruction="faster"))


def test_tests_that_are_there_are_shown_by_their_beginning_and_end() -> None:
    there = "import os\n" + "".join(f"case_{number} = 1\n" for number in range(2_000))
    text = asked(replace(HERE, kind=TESTS, new_file="tests/test_a.py", there=there))
    assert "repeats nothing that the file holds already" in text
    assert "new file" not in text
    assert "case_0 =" in text
    assert "case_1999 =" in text
    assert "case_1000 =" not in text
    small = asked(replace(HERE, kind=TESTS, new_file="tests/test_a.py", there="import os\n"))
    assert "It ends:" not in small


def test_what_is_around_stays_within_its_budget() -> None:
    many = tuple(f"value_{number} = {number}" for number in range(5000))
    related = (("big.py", "x" * (RELATED_CHARS + 1)), ("small.py", "y"))
    text = asked(replace(HERE, lines=many, first=2500, last=2501, related=related))
    assert len(text) < ABOVE_CHARS + BELOW_CHARS + RELATED_CHARS + 3000
    assert "value_2499" in text
    assert "value_2502" in text
    assert "value_1 =" not in text
    assert "big.py" not in text
    assert "small.py" in text


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    text = asked(replace(HERE, lines=("'''", "````", "x"), first=0, last=2))
    assert re.search(r"^`````python\n'''\n````\nx\n`````$", text, re.MULTILINE)


def test_a_second_try_knows_the_first() -> None:
    first = conversation(HERE)
    again = once_more(first, "prose", "it is no code")
    assert again[:2] == first
    assert [message.role for message in again[2:]] == ["assistant", "user"]
    assert again[2].text == "prose"
    assert "it is no code" in again[3].text

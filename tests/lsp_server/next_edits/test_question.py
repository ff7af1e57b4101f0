from mellum_ls.context.edits.types import Hunk
from mellum_ls.lsp_server.next_edits.question import ABOVE_CHARS, BELOW_CHARS, MOST_HUNKS, Question, blocks

LINES = ("import os", "", "def one():", "    return uno", "", "last = 2")
HUNKS = (Hunk("b.py", 4, ("x = 1",), ("y = 1",), 2.0), Hunk("a.py", 0, (), ("import os",), 1.0))
HERE = Question("src/a.py", "python", LINES, 2, 3, HUNKS, (("c.py", "uno = 1"),))


def test_all_that_is_known_is_said_once() -> None:
    system, user = HERE.messages()
    assert (system.role, user.role) == ("system", "user")
    for part in ("src/a.py", "c.py\n```\nuno = 1\n```", "lines 3 to 4", "last = 2", HERE.predicted):
        assert user.text.count(part) == 1
    assert HERE.predicted == "```python\ndef one():\n    return uno\n```"


def test_changes_are_told_as_original_and_updated_lines_the_oldest_first() -> None:
    assert blocks(HUNKS) == (
        "a.py\n<original>\n</original>\n<updated>\nimport os\n</updated>\n"
        "b.py\n<original>\nx = 1\n</original>\n<updated>\ny = 1\n</updated>"
    )
    assert "ghp_" not in blocks([Hunk("a.py", 0, (), ("token = 'ghp_" + "a1" * 18 + "'",), 1.0)])


def test_what_is_around_stays_within_its_budget_and_ends_at_lines() -> None:
    many = tuple(f"value_{number} = {number}" for number in range(5_000))
    hunks = HUNKS * MOST_HUNKS
    text = Question("a.py", "python", many, 2_500, 2_501, hunks).messages()[1].text
    assert len(text) < ABOVE_CHARS + BELOW_CHARS + 2_000
    assert text.count("<original>") == MOST_HUNKS
    around = [line for line in text.split("\n") if line.startswith("value_")]
    assert set(around) <= set(many)
    assert {"value_2499 = 2499", "value_2502 = 2502"} <= set(around)


def test_two_questions_about_one_file_begin_alike() -> None:
    one, other = (Question("a.py", "python", LINES, at, at, HUNKS).messages()[1].text for at in (2, 5))
    shared = next(at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    assert one[:shared].count("</updated>") == 2

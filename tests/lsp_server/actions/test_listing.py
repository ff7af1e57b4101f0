from dataclasses import replace

import pytest

from mellum_ls.context.languages.parsed import parsed
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, EXPLAIN, FIX, KINDS, REFACTOR, TESTS
from mellum_ls.lsp_server.actions.listing import MOST_FIXES, MOST_TITLE, actions_at, possible_kinds
from mellum_ls.lsp_server.actions.wanted import Problem
from mellum_ls.lsp_server.wire.abilities import Abilities

TEXT = "# TODO: be quick\ndef one():\n    return 1\n\n\nlast = 2\n"
ALL = Abilities(*[True] * 8)


def titles(first: int, last: int, *problems: Problem | None, path: str = "a.py", text: str = TEXT) -> list[str]:
    found = actions_at("u", path, 4, (first, last), problems, parsed(text, path, ""), KINDS)
    return [each.title for each in found]


def test_what_there_is_depends_on_the_place() -> None:
    assert titles(1, 1) == ["Document one", "Write tests for one", "Explain one"]
    assert titles(5, 5) == ["Explain this code"]
    assert titles(1, 2) == ["Document one", "Write tests for one", "Explain this code"]
    assert titles(1, 1, path="test_a.py") == ["Document one", "Explain one"]
    assert titles(0, 0, text="\n") == []


def test_a_fix_is_offered_for_each_problem_that_says_something() -> None:
    problems = [Problem(1, "odd"), None, Problem(2, "long " * 40), *[Problem(5, "more")] * 9]
    found = actions_at("u", "a.py", 4, (1, 1), problems, parsed(TEXT, "a.py", ""), [FIX])
    assert [each.problem for each in found] == [0, 2, 3, 4, 5]
    assert len(found) == MOST_FIXES
    assert found[0].title == "Fix: odd"
    assert len(found[1].title) <= MOST_TITLE + len("Fix: ")
    assert (found[0].wanted.first, found[0].wanted.revision, found[0].wanted.problems) == (1, 4, (problems[0],))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("# TODO: be quick", "be quick"),
        ("  // mellum: use a map", "use a map"),
        ("/* FIXME - close it */", "close it"),
        ("# todo", ""),
        ("x = 1  # TODO later", ""),
        ("# a remark", ""),
    ],
)
def test_a_comment_that_orders_something_is_an_instruction(line: str, words: str) -> None:
    found = actions_at("u", "a.py", 4, (0, 0), (), parsed(f"{line}\nx = 1\n", "a.py", ""), [REFACTOR])
    assert [each.wanted.instruction for each in found] == ([words] if words else [])


def test_with_nothing_selected_the_order_is_for_the_symbol_below() -> None:
    [found] = actions_at("u", "a.py", 4, (0, 0), (), parsed(TEXT, "a.py", ""), [REFACTOR])
    assert (found.wanted.first, found.wanted.last) == (0, 2)
    [found] = actions_at("u", "a.py", 4, (0, 1), (), parsed(TEXT, "a.py", ""), [REFACTOR])
    assert (found.wanted.first, found.wanted.last) == (0, 1)


def test_only_what_the_client_can_get_is_possible() -> None:
    assert set(possible_kinds(ALL)) == set(KINDS)
    assert possible_kinds(Abilities()) == ()
    assert possible_kinds(Abilities(shows_documents=True)) == (EXPLAIN,)
    assert TESTS not in possible_kinds(replace(ALL, creates_files=False))
    # An edit that is resolved needs an action to carry it.
    assert possible_kinds(Abilities(resolves_edits=True)) == ()
    assert DOCUMENT in possible_kinds(Abilities(resolves_edits=True, takes_actions=True))
    assert DOCUMENT in possible_kinds(Abilities(applies_edits=True))

from mellum_ls.lsp_server.actions.aftermath import MOST, Aftermath
from mellum_ls.lsp_server.actions.wanted import Problem

URI, SPAN = "file:///a.py", (4, 4)


def problems(count: int) -> list[Problem]:
    return [Problem(4, f"problem {number}") for number in range(count)]


def after_a_fix(before: int = 1) -> Aftermath:
    aftermath = Aftermath()
    assert aftermath.listed(URI, 1, SPAN, problems(before)) == 0
    aftermath.fixed(URI, 1, "fixed")
    assert aftermath.waits(URI)
    return aftermath


def test_more_problems_in_the_same_lines_of_the_fixed_text_are_told_once() -> None:
    aftermath = after_a_fix()
    # The old ones may still be there, or none, until the tools are done.
    assert aftermath.listed(URI, 2, SPAN, problems(1), "fixed") == 0
    assert aftermath.listed(URI, 2, SPAN, [], "fixed") == 0
    assert aftermath.listed(URI, 2, SPAN, problems(3), "fixed") == 2
    assert not aftermath.waits(URI)
    assert aftermath.listed(URI, 2, SPAN, problems(4), "fixed") == 0


def test_what_cannot_be_compared_says_nothing() -> None:
    assert after_a_fix().listed(URI, 2, (3, 9), problems(5), "fixed") == 0
    assert after_a_fix().listed(URI, 3, SPAN, problems(5), "fixed and typed") == 0
    assert after_a_fix().listed("file:///b.py", 2, SPAN, problems(5), "fixed") == 0
    never = Aftermath()
    never.fixed(URI, 1, "fixed")
    assert not never.waits(URI)
    other = after_a_fix()
    other.listed(URI, 5, SPAN, problems(1))
    other.fixed(URI, 4, "of an older text")
    assert not other.waits(URI)


def test_a_list_before_the_fix_is_made_takes_nothing_away() -> None:
    aftermath = after_a_fix()
    assert aftermath.listed(URI, 1, SPAN, problems(1), "as it was") == 0
    assert aftermath.listed(URI, 2, SPAN, problems(2), "fixed") == 1


def test_only_the_latest_documents_are_remembered() -> None:
    aftermath = Aftermath()
    for number in range(MOST + 5):
        aftermath.listed(f"file:///{number}", 1, SPAN, ())
    assert len(aftermath) == MOST

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.actions.minimal_edit import Change, minimal_changes

LINES = st.lists(st.text(alphabet="ab 🎉", max_size=4), min_size=1, max_size=8)


def applied(lines: list[str], changes: tuple[Change, ...]) -> list[str]:
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for change in reversed(changes):
        start, end = starts[change.start_line] + change.start, starts[change.end_line] + change.end
        text = text[:start] + change.text + text[end:]
    return text.split("\n")


@given(LINES, LINES, LINES, LINES)
def test_they_make_the_new_lines_of_the_old_and_touch_nothing_else(
    above: list[str], old: list[str], new: list[str], below: list[str]
) -> None:
    changes = minimal_changes(old, new, len(above))
    assert applied([*above, *old, *below], changes) == [*above, *new, *below]
    places = [place for each in changes for place in ((each.start_line, each.start), (each.end_line, each.end))]
    assert places == sorted(places)
    assert all(len(above) <= each.start_line and each.end_line < len(above) + len(old) for each in changes), (
        "outside of its lines"
    )
    assert (changes == ()) == (old == new)


def test_no_more_is_replaced_than_differs() -> None:
    assert minimal_changes(["a", "b = raduis", "c"], ["a", "b = radius", "c", "d"], 5) == (
        Change(6, 7, 6, 9, "iu"),
        Change(7, 1, 7, 1, "\nd"),
    )
    assert minimal_changes(["a", "b", "c"], ["a", "c"]) == (Change(1, 0, 2, 0, ""),)
    assert minimal_changes(["a", "b"], ["a"]) == (Change(0, 1, 1, 1, ""),)

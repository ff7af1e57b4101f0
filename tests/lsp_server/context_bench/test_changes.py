from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.context_bench.changes import MOST_LINES, added_lines

LINES = st.lists(st.sampled_from(["a", "  b", "\tc ", "", "d(1)"]), max_size=8).map("\n".join)


def test_before_a_line_all_is_new_and_behind_it_all_is_old() -> None:
    first, second, third = added_lines("a\nold\nz\nend", "a\n  b\n  c\nz\nd\nend")
    assert (first.line, first.prefix, first.target, first.suffix) == (1, "a\n  ", "b", "\nz\nend")
    assert (second.prefix, second.target, second.suffix) == ("a\n  b\n  ", "c", "\nz\nend")
    assert (third.prefix, third.target, third.suffix) == ("a\n  b\n  c\nz\n", "d", "\nend")


def test_a_new_file_is_typed_from_its_beginning() -> None:
    assert [(one.prefix, one.target, one.suffix) for one in added_lines("", "a\nb")] == [
        ("", "a", ""),
        ("a\n", "b", ""),
    ]


@given(LINES, LINES)
def test_each_line_stands_where_it_stands_in_the_new_text(old: str, new: str) -> None:
    for one in added_lines(old, new):
        assert new.startswith((one.prefix + one.target).rstrip())
        assert ("\n" + old).endswith(one.suffix)
        assert new.split("\n")[one.line].strip() == one.target != ""
        assert one.prefix.count("\n") == one.line


def test_nothing_is_added_where_nothing_is_or_where_there_is_too_much() -> None:
    assert list(added_lines("a\nb", "a\nb")) == []
    assert list(added_lines("a\nb", "a")) == []
    assert list(added_lines("", "x\n" * (MOST_LINES + 1))) == []

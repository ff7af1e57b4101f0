import pytest

from mellum_ls.lsp_server.shape import is_closers, opens_block, stop_mode


@pytest.mark.parametrize(
    ("before", "after", "previous", "mode"),
    [
        ("    return ", "", "def f():", "line"),
        ("def f():", "", "", "block"),
        ("    ", "", "def f():", "block"),
        ("    ", "", "x = 1", "line"),
        ("", "", "", "line"),
        ("call(", ")", "", "block"),
        ("call(", ", other)", "", "line"),
        ("if (x) {", "}", "", "block"),
        ("items.map(x =>", ")", "", "block"),
        ("for i in list; do", "", "", "block"),
        ("# note:", "", "def f():", "line"),
        ("x = y", "  # why", "", "line"),
    ],
)
def test_stop_mode(before: str, after: str, previous: str, mode: str) -> None:
    assert stop_mode(before, after, previous) == mode


@pytest.mark.parametrize("text", ["", "  ", ")", '"))', "});", "],"])
def test_closers(text: str) -> None:
    assert is_closers(text)


@pytest.mark.parametrize("text", ["x", ") + 1", "(", "# done"])
def test_not_closers(text: str) -> None:
    assert not is_closers(text)


@pytest.mark.parametrize("line", ["else:", "try", "{", "x -> ", "  begin"])
def test_openers(line: str) -> None:
    assert opens_block(line)


@pytest.mark.parametrize("line", ["", "   ", "// see:", "x = 1", "undo"])
def test_not_openers(line: str) -> None:
    assert not opens_block(line)

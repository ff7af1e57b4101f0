import io

import pytest
from rich.console import Console

from mellum_ls.lsp_server.demo.screen import GHOST_STYLE, Screen, View, code_lines

BEFORE = "".join(f"line_{number} = {number}\n" for number in range(1, 9)) + "def f(x):\n    return "
AFTER = "\n\nprint(f(1))\nmore()\n"


def plain(view: View, *, brackets: bool = False) -> list[str]:
    return [line.plain for line in code_lines(view, brackets=brackets)]


def test_ghost_text_stands_in_the_code_and_is_not_counted_as_lines() -> None:
    assert plain(View(BEFORE, AFTER, "x + 1\n\n\nf(2)")) == [
        "   5  line_5 = 5",
        "   6  line_6 = 6",
        "   7  line_7 = 7",
        "   8  line_8 = 8",
        "   9  def f(x):",
        "  10      return x + 1",
        "      ",
        "      ",
        "      f(2)",
        "  11  ",
        "  12  print(f(1))",
    ]


def test_brackets_mark_ghost_text_where_there_is_some() -> None:
    assert "  10      return ⟦x⟧" in plain(View(BEFORE, AFTER, "x"), brackets=True)
    assert "  10      return " in plain(View(BEFORE, AFTER), brackets=True)


def test_control_characters_do_not_reach_the_terminal() -> None:
    output = io.StringIO()
    screen = Screen(Console(file=output, width=80))
    screen.begin("a.py:1")
    screen.settle(View("a = '\x1b[2J'", "\x07", "\x1b]0;title\x9b"), taken=False)
    screen.end(View("", "", notes=("typed on \x1b[31m",)))
    assert not any(character in output.getvalue() for character in "\x1b\x07\x9b")


def test_only_the_ghost_text_is_drawn_as_such() -> None:
    styled = [
        line.plain[span.start : span.end]
        for line in code_lines(View(BEFORE, AFTER, "ghost"))
        for span in line.spans
        if span.style == GHOST_STYLE
    ]
    assert styled == ["ghost"]


@pytest.mark.parametrize(("before", "after", "ghost"), [("", "", ""), ("", "x", "g"), ("x", "", "g"), ("\n", "\n", "")])
def test_the_ends_of_a_file(before: str, after: str, ghost: str) -> None:
    view = View(before, after, ghost)
    shown = "".join(line[6:] for line in plain(view))
    assert shown == (view.before + view.ghost + view.after).replace("\n", "")


def perform(console: Console) -> None:
    screen = Screen(console)
    screen.begin("a.py:10")
    screen.update(View(BEFORE, AFTER, "gh"))
    screen.settle(View(BEFORE, AFTER, "wrong"), taken=False)
    screen.settle(View(BEFORE, AFTER, "right"), taken=True)
    screen.settle(View(BEFORE, AFTER, "later"), taken=True)
    screen.end(View(BEFORE + "right", AFTER, notes=("typed on", "taken")))
    screen.begin("a.py:11")
    screen.end(View(BEFORE, AFTER))
    screen.close()


def test_without_a_terminal_an_edit_is_one_plain_frame() -> None:
    output = io.StringIO()
    perform(Console(file=output, width=80))
    text = output.getvalue()
    assert "\x1b" not in text
    assert text.count("a.py:10") == 1
    assert "⟦right⟧" in text
    assert "wrong" not in text
    assert "typed on" in text
    assert text.endswith("a.py:11: nothing was suggested\n")
    assert max(map(len, text.splitlines())) <= 80


def terminal(output: io.StringIO, *, no_color: bool = False) -> Console:
    return Console(
        file=output, width=80, force_terminal=True, color_system="standard", legacy_windows=False, no_color=no_color
    )


def test_on_a_terminal_the_ghost_text_is_seen_growing() -> None:
    output = io.StringIO()
    perform(terminal(output))
    text = output.getvalue()
    places = [text.index(part) for part in ("\x1b[2;3mgh\x1b", "\x1b[2;3mwrong\x1b", "\x1b[2;3mright\x1b")]
    assert places == sorted(places)


def test_no_color_is_respected() -> None:
    output = io.StringIO()
    perform(terminal(output, no_color=True))
    assert "\x1b[9" not in output.getvalue()
    assert "\x1b[3" not in output.getvalue().replace("\x1b[3m", "")

import pytest

from mellum_ls.lsp_server.rules.shape import (
    code_of,
    expects_deeper,
    in_text,
    is_closers,
    is_comment,
    opens_block,
    stop_mode,
)


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
        # In a string or a comment nothing opens a block.
        ('print("note:', '")', "", "line"),
        ("say('do", "')", "", "line"),
        ("const t = `a {", "`", "", "line"),
        ("x = 1  # see:", "", "", "line"),
        ("return x; // as in {", "", "", "line"),
        ("", "", "x = 1  # see:", "line"),
        ("    ", "", 'x = "a {"', "line"),
        # A comment behind an opener hides nothing.
        ("", "", "if x:  # why", "block"),
        ("if (x) { // why", "", "", "line"),
        ("", "", "if (x) { // why", "block"),
        ("", "", "for (;;) { /* for ever */", "block"),
        ("    ", "", "match x { // the rest", "block"),
        # What only looks like a comment or a quote is code.
        ("", "", "while a // b > 3:", "block"),
        ("", "", "for f in src/*; do", "block"),
        ("impl<'a> Lexer<'a> {", "", "", "block"),
        ("", "", "    *args: int, **options) -> None:", "block"),
        ("", "", "a #title {", "block"),
        # Openers of all kinds, on this line or the one above.
        ("} else {", "}", "", "block"),
        ("else:", "", "", "block"),
        ("const f = (x) =>", "", "", "block"),
        ("", "", "while read -r line; do", "block"),
        ("", "", "if [ -n $1 ]; then", "block"),
        ("", "", "repeat", "block"),
        ("", "", "case $1 in", "block"),
        # Heads that end with nothing.
        ("  ", "", "local function add(a, b)", "block"),
        ("  ", "", "return function()", "block"),
        ("  ", "", "on('x', function(event)", "block"),
        ("  ", "", "def name(first, last)", "block"),
        ("  ", "", "class Name < Struct", "block"),
        ("  ", "", '<ul class="menu">', "block"),
        ("  ", "", "<br>", "line"),
        ("  ", "", "<img src='a.png'>", "line"),
        ("  ", "", "<Item name={name} />", "line"),
        ("  ", "", "<li>one</li>", "line"),
        # A body or a function comes below these.
        ("", "", "@app.get('/')", "block"),
        ("", "", "@Override", "block"),
        ("", "", "#[test]", "block"),
        ("    ", "", '    """The sum of two."""', "block"),
        ("    ", "", '    """The sum of two.', "line"),
        ("", "", "@import 'a.css';", "line"),
        # Behind a colon and a blank comes a type or a value.
        ("def f(x: ", "):", "", "line"),
        ("  const x: ", "", "", "line"),
        ('  "name": ', ",", "{", "line"),
        # A blank line in the middle of a block asks for a line, one before a closer for what is between.
        ("    ", "", "    total += 1", "line"),
        ("    ", "", "    f(a,", "line"),
        ("    ", "", "    f(", "block"),
        ("f(", ");", "", "block"),
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


@pytest.mark.parametrize("line", ["# why", "  // why", "-- why", "/* why", " * why", " */", "<!-- why", '"""Why', "#"])
def test_comments(line: str) -> None:
    assert is_comment(line)
    assert code_of(line) == ""


@pytest.mark.parametrize(
    "line", ["#include <a.h>", "#[test]", "*args", "*p = 1;", "--count;", "x = 1  # why", "a // b", ""]
)
def test_not_comments(line: str) -> None:
    assert not is_comment(line)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("x = 1  # why", "x = 1  "),
        ("x = '# no'  # why", "x = '# no'  "),
        ('x = "a \\" # no"', 'x = "a \\" # no"'),
        ("f();  // why", "f();  "),
        ("x = a // b", "x = a // b"),
        ("const u = 'http://a';", "const u = 'http://a';"),
        ("int x; /* why */", "int x; "),
        ("ls src/*", "ls src/*"),
        ("echo $#", "echo $#"),
        ("a #title", "a #title"),
    ],
)
def test_the_comment_at_a_lines_end_is_no_code(line: str, code: str) -> None:
    assert code_of(line) == code


@pytest.mark.parametrize("before", ['x = "a', "x = 'it\\'s", "x = 1 # a", '    """Doc', "f(`a ${b}", "// a"])
def test_inside_strings_and_comments(before: str) -> None:
    assert in_text(before)


@pytest.mark.parametrize("before", ['x = "a"', "fn f<'a>(x: &'a str", "x = 1", '"""Doc."""', "don't", ""])
def test_outside_strings_and_comments(before: str) -> None:
    assert not in_text(before)


@pytest.mark.parametrize("line", ["if x:", "function f(a)", "<div>", "module A", "f = function()"])
def test_lines_that_a_deeper_one_follows(line: str) -> None:
    assert expects_deeper(line)


@pytest.mark.parametrize("line", ["x = f(a)", "functional(a)", "</div>", "class A;", "defer f()", "@app.get()"])
def test_lines_that_none_need_follow(line: str) -> None:
    assert not expects_deeper(line)

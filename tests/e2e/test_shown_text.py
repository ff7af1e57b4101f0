"""What a user sees in the document once a suggestion is accepted, from a model that writes what models write.

Every result on the way is held to the rules of item_rules.py by the client's referee.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.lsp_client import LspClient, Message, inline_params, isolated_environment, server_process
from tests.fakes.mirror import Spot, lines_of, replaced, units

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
ROOT = "file:///project"

# The document with the cursor at the bar, what the model writes, the document with the suggestion in it; None: silence.
BRACKETS = [
    ("foo(|)", "a, b)", "foo(a, b)"),
    ("foo(|)\n", "a, [b])", "foo(a, [b])\n"),
    ("x[|]", "0]", "x[0]"),
    ("x = {|}", "'a': 1}", "x = {'a': 1}"),
    ('print("|")', 'hello"', 'print("hello")'),
    ('print("|")', 'hello")', 'print("hello")'),
    ("def f(|):", "self, x):", "def f(self, x):"),
    ("def f(|):\n", "self):\n    return 1", "def f(self):\n    return 1\n"),
    ("foo(|)", ")", None),
]
FOLLOWING = [
    ("a = 1\n|\nc = 3\n", "b = 2\nc = 3", "a = 1\nb = 2\nc = 3\n"),
    ("a = 1\r\n|\r\nc = 3\r\n", "b = 2\nc = 3", "a = 1\r\nb = 2\r\nc = 3\r\n"),
    ("x = |\ny = 2\n", "1\ny = 2", "x = 1\ny = 2\n"),
    ("total = |value\n", "1 + value", "total = 1 + value\n"),
]
LINE_ENDS = [
    ("def f():\r\n    |", "a()\n    b()", "def f():\r\n    a()\r\n    b()"),
    ("def f():\r\n    |\r\n", "a()\r\n    b()\r\n", "def f():\r\n    a()\r\n    b()\r\n"),
    ("def f():\n    |", "a()\r\n    b()\r\n", "def f():\n    a()\n    b()"),
    ("x = |\r\n", "1\r", "x = 1\r\n"),
]
INDENTS = [
    ("if x:\n    y()\n    |\n", "    z()", "if x:\n    y()\n    z()\n"),
    ("if x:\n\ty()\n\t|\n", "\tz()", "if x:\n\ty()\n\tz()\n"),
    ("if x:\n|", "    y()", "if x:\n    y()"),
    ("x = |", " 1", "x = 1"),
]
NOTHING = [
    ("x = |", "", None),
    ("x = |", "   \n\n", None),
    ("x = |", "(", None),
]


def with_answers(tmp_path: Path, answers: dict[str, str], test: Callable[[LspClient], Awaitable[None]]) -> None:
    """Run `test` with a server whose model writes `answers[path]` in the document of that path."""
    command = (sys.executable, "-P", str(SCRIPTED), json.dumps(answers), "table")

    async def run() -> None:
        async with server_process(command, isolated_environment(tmp_path)) as client:
            await client.initialize(rootUri=ROOT)
            await test(client)
            assert await client.shut_down() == 0

    asyncio.run(run())


def cursor_in(marked: str) -> tuple[str, Spot]:
    before, _, after = marked.partition("|")
    lines = lines_of(before)
    return before + after, Spot(len(lines) - 1, len(units(lines[-1])) // 2)


def accepted(text: str, items: list[Message]) -> str | None:
    """The document with the suggestion in it."""
    if not items:
        return None
    [item] = items
    start, end = (Spot(place["line"], place["character"]) for place in (item["range"]["start"], item["range"]["end"]))
    return replaced(text, start, end, item["insertText"])


def check_table(tmp_path: Path, rows: list[tuple[str, str, str | None]]) -> None:
    async def test(client: LspClient) -> None:
        for number, (marked, _, expected) in enumerate(rows):
            text, cursor = cursor_in(marked)
            uri = f"{ROOT}/{number}.py"
            client.open(uri, text)
            answer = await client.request(
                "textDocument/inlineCompletion", inline_params(uri, cursor.line, cursor.character)
            )
            assert accepted(text, answer["result"]["items"]) == expected, marked

    with_answers(tmp_path, {f"{number}.py": row[1] for number, row in enumerate(rows)}, test)


def test_closers_that_an_editor_has_put_in_do_not_stand_twice(tmp_path: Path) -> None:
    check_table(tmp_path, BRACKETS)


def test_what_follows_anyway_is_not_repeated(tmp_path: Path) -> None:
    check_table(tmp_path, FOLLOWING)


def test_line_ends_are_those_of_the_document(tmp_path: Path) -> None:
    check_table(tmp_path, LINE_ENDS)


def test_an_indent_that_is_there_is_not_doubled(tmp_path: Path) -> None:
    check_table(tmp_path, INDENTS)


def test_nothing_to_show_is_an_empty_list(tmp_path: Path) -> None:
    check_table(tmp_path, NOTHING)


@pytest.mark.parametrize(
    ("marked", "start", "written", "expected"),
    [
        ("x = pr|", 4, "t(1)", "x = print(1)"),
        ("x = pr|)", 4, "t(1)\nprint(2))", None),
        ("x = pr|\r\ny = 1\r\n", 4, "t(1)\ny = 1", "x = print(1)\r\ny = 1\r\n"),
        ("x = pr|", 4, "", None),
    ],
)
def test_a_chosen_menu_entry_is_extended_in_its_own_range_or_not_at_all(
    tmp_path: Path, marked: str, start: int, written: str, expected: str | None
) -> None:
    async def test(client: LspClient) -> None:
        text, cursor = cursor_in(marked)
        client.open(f"{ROOT}/a.py", text)
        span = {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": cursor.character}}
        context = {"triggerKind": 2, "selectedCompletionInfo": {"text": "prin", "range": span}}
        params = inline_params(f"{ROOT}/a.py", 0, cursor.character, context=context)
        answer = await client.request("textDocument/inlineCompletion", params)
        assert accepted(text, answer["result"]["items"]) == expected

    with_answers(tmp_path, {"a.py": written}, test)


NASTY = [
    "",
    "\n",
    "\r\n",
    "🎉 = '語'\r\né🎉🎉\r\n",
    "a\u2028b\x0bc\x0cd\x85e\nf",
    "👩\u200d👩\u200d👧 = 1\rx\ry",
    "no line end",
    "\ufeffx\n\n\n\ty",
]


def test_any_position_in_any_text_gets_a_valid_answer(tmp_path: Path) -> None:
    async def test(client: LspClient) -> None:
        asked = 0
        for number, text in enumerate(NASTY):
            uri = f"{ROOT}/{number}.py"
            client.open(uri, text)
            lines = lines_of(text)
            for line in range(-1, len(lines) + 2):
                longest = max(len(each.encode()) for each in lines) + 2
                for character in (*range(-1, longest), 1 << 31, 1 << 60):
                    answer = await client.request("textDocument/inlineCompletion", inline_params(uri, line, character))
                    assert "result" in answer, (text, line, character)
                    asked += 1
        assert client.referee.items > asked // 2

    with_answers(tmp_path, {f"{number}.py": "word(1)\nmore()" for number in range(len(NASTY))}, test)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-32-le"])
def test_a_client_that_counts_otherwise_crashes_nothing(tmp_path: Path, encoding: str) -> None:
    """Edits and positions as if no encoding had been agreed upon: the text may differ, the answers stay valid."""
    unit = len("a".encode(encoding))

    async def test(client: LspClient) -> None:
        uri = f"{ROOT}/a.py"
        for number, text in enumerate(NASTY):
            client.open(uri, text, number)
            for line, content in enumerate(lines_of(text)):
                column = len(content.encode(encoding)) // unit
                client.change(uri, number, line, column, "é🎉")
                answer = await client.request("textDocument/inlineCompletion", inline_params(uri, line, column + 1))
                assert "result" in answer
        assert client.referee.items > len(NASTY)

    with_answers(tmp_path, {"a.py": "word"}, test)

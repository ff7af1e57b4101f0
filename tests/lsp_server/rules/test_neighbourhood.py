from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import split_lines
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.rules.neighbourhood import neighbourhood
from mellum_ls.runtime.balance import settle

FAR = 60_000
PIECES = (
    "def f(a,\n",
    "    b = [1, 2\n",
    "'''\r\n",
    '"""doc"""\n',
    '    """\n',
    "    x = {\r\n",
    "}\n",
    "\n",
    "        )\n",
    "    '''a''' '''\r",
    "lone \ud83d\n",
    "    # it's\n",
)
blocks = st.lists(st.tuples(st.sampled_from(PIECES), st.integers(1, 400)), max_size=8)
texts = blocks.map(lambda parts: "".join(piece * count for piece, count in parts))
written = st.sampled_from(["1)", "f(", "'''", '"""x', "a]", "g(1)", "{", "'", "x) + 1"])


@given(texts, texts, st.sampled_from(["", "    y = ", "f(", "'''"]), st.sampled_from(["", ")", "]: x", "'''"]), written)
@settings(max_examples=150)
def test_a_suggestion_is_judged_as_by_the_whole_document(
    head: str, tail: str, before: str, after: str, text: str
) -> None:
    lines = split_lines(head + before + after + "\n" + tail)
    number = len(split_lines(head)) - 1
    above = model_text("".join(lines[:number])) + model_text(lines[number][: len(lines[number]) - len(after) - 1])
    below = model_text("".join(lines[number + 1 :]))
    near_above, near_below = neighbourhood(Lines(lines), number)
    start = above[len(model_text("".join(lines[:number]))) :]
    assert settle(near_above + start, text, after + near_below) == settle(above, text, after + "\n" + below)


def test_long_documents_cost_a_bounded_text() -> None:
    lines = Lines(split_lines("value = compute(1)\n" * FAR))
    above, below = neighbourhood(lines, FAR // 2)
    assert len(above) + len(below) < 50_000


def test_a_quote_left_open_far_away_is_not_lost() -> None:
    filler = "value = compute(1)\n" * 3000
    above, _ = neighbourhood(Lines(split_lines(f'x = """\n{filler}y = ')), 3001)
    assert above.count('"""') == 1
    _, below = neighbourhood(Lines(split_lines(f"y = \n{filler}'''")), 0)
    assert below.count("'''") == 1


def test_the_last_line_has_nothing_behind_it() -> None:
    assert neighbourhood(Lines(["a\r\n", "b"]), 1) == ("a\n", "")
    assert neighbourhood(Lines(["a\n", ""]), 0) == ("", "\n")

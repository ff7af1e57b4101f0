import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.rewriting.fenced import Malformed, fenced, is_closed, parse_answer


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ("```python\nx = 1\n```", ("x = 1",)),
        ("Here it is:\n\n```\n  x\n\ny\n```\nDone.", ("  x", "", "y")),
        ("~~~\nx\n~~~\n", ("x",)),
        ("````md\n```py\nx\n```\n````", ("```py", "x", "```")),
        ("```md\n```py\nx\n```", ("```py", "x")),
        ("```python src/a.py\r\nx\r\n```", ("x",)),
        ("```python\n# a.py\nx\n```", ("# a.py", "x")),
        ("```python\n# node.js\nx\n```", ("# node.js", "x")),
    ],
)
def test_a_block_is_read(answer: str, lines: tuple[str, ...]) -> None:
    assert parse_answer(answer, "src/a.py", "# node.js\ny").lines == lines


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no code block"),
        ("x = 1", "no code block"),
        ("```python\nx = 1", "not closed"),
        ("````\nx\n```", "not closed"),
        ("```\nx\n```\n```\ny\n```", "more than one"),
        ("```diff\n-x\n+y\n```", "a patch"),
        ("```python:src/b.py\nx\n```", "another file"),
        ('```python title="b.py"\nx\n```', "another file"),
        ("```\n// File: b.py\nx\n```", "another file"),
        ("```\n\n \n```", "empty"),
    ],
)
def test_what_has_to_be_guessed_is_refused(answer: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse_answer(answer, "src/a.py")


@given(st.text(alphabet="`~ab\n #.\r", max_size=60))
def test_nothing_else_is_raised(answer: str) -> None:
    try:
        lines = parse_answer(answer, "a.py").lines
    except Malformed:
        return
    assert any(line.strip() for line in lines)


@given(st.text(alphabet="`~ab\n #.", min_size=1, max_size=60).filter(str.strip))
def test_what_is_shown_in_a_block_is_read_from_it(code: str) -> None:
    assert "\n".join(parse_answer(fenced(code, "python"), "a.py", code).lines) == code


def test_an_answer_is_done_where_its_block_is() -> None:
    answer = "So:\n````md\n```\nx\n```\n````\nThat is, "
    whole = answer.index("````\nThat") + len("````\n")
    assert [is_closed(answer[:end]) for end in range(len(answer) + 1)] == [
        end >= whole for end in range(len(answer) + 1)
    ]

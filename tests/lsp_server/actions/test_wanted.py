import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.actions.kinds import FIX, KINDS
from mellum_ls.lsp_server.actions.wanted import Problem, Wanted, problem_of, read
from mellum_ls.lsp_server.wire.json_fields import ParamsError

PROBLEMS = st.builds(Problem, st.integers(0, 9), st.text(), st.text(), st.text())


@given(
    st.sampled_from(KINDS), st.integers(0, 9), st.none() | st.integers(0, 9), st.lists(PROBLEMS, max_size=3), st.text()
)
def test_it_comes_back_from_the_client(
    kind: object, first: int, revision: int | None, problems: list[Problem], instruction: str
) -> None:
    wanted = Wanted(kind, "file:///a", first, first + 2, revision, tuple(problems), instruction)  # type: ignore[arg-type]
    assert read(json.loads(json.dumps(wanted.data()))) == wanted


def test_a_client_may_write_less() -> None:
    assert read({"kind": "fix", "uri": "u", "lines": [3, 1]}) == Wanted(FIX, "u", 3, 3)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {"kind": "secret", "uri": "u", "lines": [0, 0]},
        {"kind": "fix", "uri": "u"},
        {"kind": "fix", "uri": "u", "lines": [0]},
        {"kind": "fix", "uri": "u", "lines": [0, -1]},
        {"kind": "fix", "uri": "u", "lines": [0, True]},
        {"kind": "fix", "uri": "u", "lines": [0, 0], "revision": "secret"},
        {"kind": "fix", "uri": "u", "lines": [0, 0], "problems": [["secret"]]},
        {"kind": "fix", "lines": [0, 0]},
    ],
)
def test_what_is_none_is_refused_and_not_quoted(raw: object) -> None:
    with pytest.raises(ParamsError) as refused:
        read(raw)
    assert "secret" not in str(refused.value)


def test_diagnostics_are_read_as_far_as_they_say_something() -> None:
    span = {"start": {"line": 2, "character": 1}}
    assert problem_of({"range": span, "message": "m", "code": 7, "source": "s"}) == Problem(2, "m", "7", "s")
    assert problem_of({"range": span, "message": {"kind": "markdown", "value": "m"}, "code": None}) == Problem(2, "m")
    for odd in ({}, {"range": span}, {"range": span, "message": " "}, {"range": {}, "message": "m"}):
        assert problem_of(odd) is None

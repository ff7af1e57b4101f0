from typing import Any

import pytest

from mellum_ls.lsp_server.wire.action_params import code_action, document_uri, progress_token
from mellum_ls.lsp_server.wire.json_fields import ParamsError


def asked(start: tuple[int, int], end: tuple[int, int], **context: Any) -> dict[str, Any]:
    places = [{"line": line, "character": character} for line, character in (start, end)]
    return {"textDocument": {"uri": "u"}, "range": {"start": places[0], "end": places[1]}, "context": context}


def test_a_selection_is_its_lines() -> None:
    def lines(start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
        request = code_action(asked(start, end))
        return request.first, request.last

    assert lines((2, 5), (2, 5)) == (2, 2)
    assert lines((2, 0), (4, 0)) == (2, 3)
    assert lines((2, 0), (4, 1)) == (2, 4)
    assert lines((4, 1), (2, 0)) == (4, 4)
    assert lines((-3, 0), (-1, 9)) == (0, 0)


def test_diagnostics_and_kinds_are_taken_where_they_are() -> None:
    request = code_action(asked((0, 0), (0, 0), diagnostics=[{"message": "m"}], only=["quickfix", 3], triggerKind=2))
    assert (request.diagnostics, request.only) == (({"message": "m"},), ("quickfix",))
    bare = code_action({**asked((0, 0), (0, 0)), "context": None})
    assert (bare.diagnostics, bare.only) == ((), ())


@pytest.mark.parametrize(
    "raw", [{}, {**asked((0, 0), (0, 0)), "range": None}, asked((0, 0), (0, 0), diagnostics=["secret"])]
)
def test_what_does_not_fit_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ParamsError) as refused:
        code_action(raw)
    assert "secret" not in str(refused.value)


def test_tokens_and_uris() -> None:
    assert [progress_token({"token": token}) for token in ("t", 1, True, None, [])] == ["t", 1, None, None, None]
    assert document_uri({"uri": "mellum:/x"}) == "mellum:/x"
    with pytest.raises(ParamsError):
        document_uri({})

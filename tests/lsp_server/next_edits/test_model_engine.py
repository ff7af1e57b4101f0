"""A model that writes the lines around the cursor anew."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.types import Hunk, Proposal, Span
from mellum_ls.lsp_server.answers.completer import Gap, query_for
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.model.backend import Query
from mellum_ls.lsp_server.next_edits.model_engine import CHANGES, ModelEngine, blocks, region
from mellum_ls.lsp_server.next_edits.situation import Situation
from mellum_ls.lsp_server.settings.fields import Settings
from tests.fakes.backend import ScriptedBackend

ABOVE = "".join(f"# {number}\n" for number in range(10))
REGION = "area = width * height\nprint(area)\nlog(area)"
TEXT = f"{ABOVE}\n\n{REGION}\n\n\n"
LINE = 13


def situation(text: str = TEXT, line: int = LINE) -> Situation:
    document = Document("file:///p/a.py", "python", 1, Lines(split_lines(text)))
    log, plain = EditLog(), text.replace("\r\n", "\n")
    log.note("a.py", plain.replace("area = width", "a = width"), plain, 1.0)
    return Situation(document.snapshot(Place(line, 0)), "a.py", plain, log, {})


def propose(
    written: str | Callable[[Query], str], seen: Situation | None = None, reason: str = "stop"
) -> tuple[Sequence[Proposal], list[Query]]:
    backend = ScriptedBackend(written, reason=reason)

    async def query_at(gap: Gap) -> Query:
        return query_for(gap, Settings(), ("file:///p",), (("b.py", "def helper(): ...\n"),))

    proposals = asyncio.run(ModelEngine(query_at, backend.complete).propose(seen or situation()))
    return proposals, backend.asked


def test_what_is_written_takes_the_place_of_the_lines() -> None:
    proposals, _ = propose(REGION.replace("print(area)", "print(wide)"))
    [proposal] = proposals
    assert (proposal.path, proposal.kind) == ("a.py", "model")
    assert (proposal.span, proposal.old, proposal.new) == (Span(13, 6, 13, 10), "area", "wide")


def test_the_prompt_has_related_code_the_changes_and_the_lines_but_not_the_lines_twice() -> None:
    _, [query] = propose(REGION)
    assert (query.path, query.stop, query.priority) == ("a.py", "none", "next_edit")
    assert query.session != "file:///p/a.py"
    assert query.prefix == f"{ABOVE}\n\n"
    assert query.suffix == "\n\n\n"
    names = [name for name, _ in query.context]
    assert names == ["b.py", CHANGES]
    told = query.context[1][1]
    assert told.index("<original>\na = width * height\n") < told.index("<updated>\narea = width * height\n")
    assert told.endswith(f"a.py\n<original>\n{REGION}\n</original>\n")
    assert len(REGION) // 2 < query.max_tokens < 200


def test_an_end_of_the_last_line_is_no_change() -> None:
    assert propose(f"{REGION}\n")[0] == []


@pytest.mark.parametrize("reason", ["length", "loop", "cancelled"])
def test_half_a_text_is_none(reason: str) -> None:
    assert propose(REGION.replace("area", "wide"), reason=reason)[0] == ()


def test_the_nearest_of_several_changes_comes_first() -> None:
    text = "".join(f"call_{number}(area)\n" for number in range(12))
    seen = situation(text, 8)

    def written(query: Query) -> str:
        lines = query.context[1][1].rpartition("<original>\n")[2].removesuffix("\n</original>\n").split("\n")
        return "\n".join(line.replace("area", "b") if "_5" in line or "_9" in line else line for line in lines)

    proposals, _ = propose(written, seen)
    assert [proposal.span.start_line for proposal in proposals] == [9, 5]


def test_lines_with_other_ends_are_written_plainly() -> None:
    proposals, [query] = propose(REGION.replace("print(area)", "print(wide)"), situation(TEXT.replace("\n", "\r\n")))
    assert "\r" not in query.prefix + query.suffix + query.context[1][1]
    assert [proposal.span for proposal in proposals] == [Span(13, 6, 13, 10)]


def test_no_secret_is_told_and_none_is_lost() -> None:
    token = "ghp_" + "a1" * 18
    proposals, asked = propose("x", situation(f"token = '{token}'\n", 0))
    assert (proposals, asked) == ((), [])
    told = blocks([Hunk("a.py", 0, (), (f"token = '{token}'",), 1.0)], "a.py", "x = 1")
    assert token not in told
    assert "<redacted>" in told


def test_a_blank_or_a_huge_region_is_not_asked_about() -> None:
    assert propose("x", situation("\n\n\n", 1)) == ((), [])
    assert propose("x", situation("x" * 5_000, 0)) == ((), [])


def test_the_region_has_no_blank_lines_at_its_ends() -> None:
    assert region(situation()) == (12, 14)
    assert region(situation(TEXT, 11)) == (8, 14)
    assert region(situation("one\n", 1)) == (0, 1)

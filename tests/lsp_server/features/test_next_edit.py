"""mellum/nextEdit."""

import asyncio
from typing import Any

from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.features import next_edit
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.edit_engine import ScriptedEngine, each_use
from tests.fakes.host import FakeHost

ASK = "mellum/nextEdit"
URI = "file:///p/a.py"


async def asked(path: str = "", **extra: object) -> dict[str, Any]:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend())
    next_edit.register(host, session)
    session.roots = ("file:///p",)
    session.next_edits.symbolic = ScriptedEngine(each_use("area", "surface", path))
    session.open(URI, "python", 1, "area = 1\nprint(area)\n")
    session.open("file:///p/b.py", "python", 9, "area\n")
    session.edit(URI, 2, [Edit("surface", Place(0, 0), Place(0, 4))])
    position = {"line": 0, "character": 7}
    answer = await host.call(ASK, {"textDocument": {"uri": URI, "version": 2}, "position": position, **extra})
    assert isinstance(answer, dict)
    return answer


def test_it_says_what_the_edit_is_for() -> None:
    answer = asyncio.run(asked())
    [edit] = answer.pop("edits")
    assert edit["text"] == "surface"
    assert answer == {"kind": "rename", "reason": "rename of area to surface", "silence": ""}


def test_it_says_why_there_is_none() -> None:
    answer = asyncio.run(asked("b.py"))
    assert answer == {"edits": [], "kind": "", "reason": "", "silence": "the next edit is in another file: b.py"}


def test_other_documents_are_edited_on_demand() -> None:
    [edit] = asyncio.run(asked("b.py", otherDocuments=True))["edits"]
    assert edit["textDocument"] == {"uri": "file:///p/b.py", "version": 9}

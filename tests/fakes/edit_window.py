"""A window of next edits: a session with a document in which a name was just changed, and with engines of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.next_edits.fates import NextEdit
from mellum_ls.lsp_server.next_edits.next_edits import Answer
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.edit_engine import Script, ScriptedEngine, each_use

URI = "file:///p/a.py"
TEXT = "area = 1\nprint(area)\nlog(area)\n"
START = Place(0, 0)


class Window:
    """A session with a document whose first `area` was renamed, and with engines of its own."""

    def __init__(self, script: Script | None = None, text: str = TEXT, **settings: object) -> None:
        self.now = 100.0
        self.backend = ScriptedBackend("")
        self.session = Session(lambda _: self.backend, clock=lambda: self.now)
        self.session.roots = ("file:///p",)
        self.session.configure("test", {"warmUp": False, **settings})
        self.edits = self.session.next_edits
        self.engine = ScriptedEngine(script or each_use("area", "surface"))
        self.edits.symbolic = self.engine
        self.session.open(URI, "python", 1, text)
        self.edit(0, 0, 4, "surface")

    def edit(self, line: int, start: int, end: int, text: str, uri: str = URI) -> None:
        document = self.session.documents.get(uri)
        assert document is not None
        self.session.edit(uri, (document.version or 0) + 1, [Edit(text, Place(line, start), Place(line, end))])

    def take(self, edit: NextEdit) -> None:
        """As a client does when the user accepts."""
        document = self.session.documents.get(edit.uri)
        assert document is not None
        self.session.edit(edit.uri, (document.version or 0) + 1, [Edit(edit.text, edit.start, edit.end)])
        self.edits.accepted(edit.id)

    async def find(self, version: int | None = None, uri: str = URI) -> Answer:
        return await self.edits.find(uri, START, version)

    async def found(self) -> NextEdit:
        answer = await self.find()
        assert answer.edit is not None, answer.silence
        assert answer.silence == ""
        return answer.edit

    @property
    def text(self) -> str:
        document = self.session.documents.get(URI)
        assert document is not None
        return document.text


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]

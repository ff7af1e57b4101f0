import asyncio

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.features import notebook_sync
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost

NOTEBOOK = {"uri": "file:///r/n.ipynb", "version": 2}


def cell_uri(name: str) -> str:
    return f"vscode-notebook-cell:/r/n.ipynb#{name}"


def cell(name: str, kind: int = 2) -> dict[str, object]:
    return {"kind": kind, "document": cell_uri(name)}


def text(name: str, content: str, language: str = "python") -> dict[str, object]:
    return {"uri": cell_uri(name), "languageId": language, "version": 1, "text": content}


OPENED = {
    "notebookDocument": {
        **NOTEBOOK,
        "notebookType": "jupyter-notebook",
        "cells": [cell("1"), cell("2", 1), cell("3")],
    },
    "cellTextDocuments": [text("1", "import os"), text("2", "# Title", "markdown"), text("3", "x = ")],
}


def changed(**cells: object) -> dict[str, object]:
    return {"notebookDocument": NOTEBOOK, "change": {"cells": cells}}


def after(*changes: object) -> tuple[Session, ScriptedBackend, Suggestion | None]:
    """A session whose client has opened the notebook, sent `changes` and asked at the end of the last cell's line."""

    async def run() -> tuple[Session, ScriptedBackend, Suggestion | None]:
        host, backend = FakeHost(), ScriptedBackend("1")
        session = Session(lambda _: backend)
        session.roots = ("file:///r",)
        notebook_sync.register(host, session)
        await host.call("notebookDocument/didOpen", OPENED)
        for change in changes:
            await host.call("notebookDocument/didChange", change)
        suggestion = await session.suggest(cell_uri("3"), Place(0, 4))
        await host.call("notebookDocument/didSave", {"notebookDocument": NOTEBOOK})
        await session.close()
        return session, backend, suggestion

    return asyncio.run(run())


def test_a_cell_is_completed_behind_the_earlier_code() -> None:
    _, backend, suggestion = after()
    assert suggestion == Suggestion("1", 0, 4, 4)
    query = backend.asked[-1]
    assert (query.prefix, query.suffix, query.path) == ("import os\n\nx = ", "", "n.ipynb")


def test_edits_of_texts_and_of_the_order_are_followed() -> None:
    span = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 9}}
    edit = {"document": {"uri": cell_uri("1"), "version": 2}, "changes": [{"range": span, "text": "re"}]}
    added = {
        "array": {"start": 3, "deleteCount": 0, "cells": [cell("4")]},
        "didOpen": [text("4", "y = x")],
    }
    removed = {"array": {"start": 1, "deleteCount": 1}, "didClose": [{"uri": cell_uri("2")}]}
    session, backend, _ = after(changed(textContent=[edit], structure=added), changed(structure=removed))
    assert (backend.asked[-1].prefix, backend.asked[-1].suffix) == ("import re\n\nx = ", "\n\ny = x")
    assert sorted(document.uri[-1] for document in session.documents) == ["1", "3", "4"]


def test_a_cell_that_becomes_prose_is_left_out() -> None:
    _, backend, _ = after(changed(data=[cell("1", 1)]))
    assert backend.asked[-1].prefix == "x = "


def test_metadata_alone_changes_nothing() -> None:
    _, backend, _ = after({"notebookDocument": NOTEBOOK, "change": {"metadata": {"a": 1}}})
    assert backend.asked[-1].prefix == "import os\n\nx = "


def test_closing_forgets_everything_whatever_texts_are_named() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        notebook_sync.register(host, session)
        for named in ([], [{"uri": cell_uri("1")}, {"uri": cell_uri("unknown")}]):
            await host.call("notebookDocument/didOpen", OPENED)
            assert (len(session.documents), len(session.notebooks)) == (3, 1)
            closed = {"notebookDocument": NOTEBOOK, "cellTextDocuments": named}
            for _ in range(2):
                await host.call("notebookDocument/didClose", closed)
            assert (len(session.documents), len(session.notebooks)) == (0, 0)
        await host.call("notebookDocument/didChange", changed(structure={"array": {"start": 0, "deleteCount": 1}}))

    asyncio.run(run())


def test_a_change_of_one_cell_ends_what_is_computed_for_another() -> None:
    async def run() -> None:
        host, backend = FakeHost(), ScriptedBackend("1 2", gate=asyncio.Event())
        session = Session(lambda _: backend)
        notebook_sync.register(host, session)
        await host.call("notebookDocument/didOpen", OPENED)
        asking = asyncio.ensure_future(session.suggest(cell_uri("3"), Place(0, 4)))
        await backend.started.get()
        edit = {"document": {"uri": cell_uri("1")}, "changes": [{"text": "import re"}]}
        await host.call("notebookDocument/didChange", changed(textContent=[edit]))
        assert await asking is None
        await session.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("what", "raw", "field"),
    [
        ("Open", {}, "notebookDocument"),
        ("Open", {"notebookDocument": {"uri": "n", "cells": ["secret"]}}, "cells"),
        ("Open", {"notebookDocument": {"uri": "n", "cells": [{"kind": 2}]}}, "document"),
        ("Change", {"notebookDocument": NOTEBOOK}, "change"),
        ("Change", changed(structure={"array": {"start": "secret"}}), "start"),
        ("Change", changed(textContent=[{"document": {"uri": "u"}, "changes": ["secret"]}]), "contentChanges"),
        ("Close", {"notebookDocument": 3}, "notebookDocument"),
    ],
)
def test_params_that_do_not_fit_are_refused_and_not_quoted(what: str, raw: object, field: str) -> None:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend())
    notebook_sync.register(host, session)
    with pytest.raises(ParamsError, match=field) as fault:
        asyncio.run(host.call(f"notebookDocument/did{what}", raw))
    assert "secret" not in str(fault.value)
    assert (len(session.documents), len(session.notebooks)) == (0, 0)

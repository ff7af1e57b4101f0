import asyncio
from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.features import file_operations, text_sync
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost

OLD, NEW = "file:///r/old", "file:///r/new"
RENAME = ("workspace/didRenameFiles", {"files": [{"oldUri": OLD, "newUri": NEW}]})
CLOSE = ("textDocument/didClose", {"textDocument": {"uri": f"{OLD}/a.py"}})
OPEN = (
    "textDocument/didOpen",
    {"textDocument": {"uri": f"{NEW}/a.py", "languageId": "python", "version": 1, "text": "x"}},
)


@pytest.mark.parametrize(
    "order",
    [
        (RENAME, CLOSE, OPEN),
        (CLOSE, OPEN, RENAME),
        (CLOSE, RENAME, OPEN),
        (OPEN, RENAME, CLOSE),
        # Clients that forget to close:
        (RENAME, OPEN),
        (OPEN, RENAME),
    ],
)
def test_a_document_is_open_under_its_new_name_alone(order: tuple[tuple[str, object], ...]) -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        file_operations.register(host, session)
        text_sync.register(host, session)
        for uri in (f"{OLD}/a.py", f"{OLD}er/b.py"):
            session.documents.open(uri, "python", 1, "x")
        for method, params in order:
            await host.call(method, params)
        assert sorted(document.uri for document in session.documents) == [f"{NEW}/a.py", f"{OLD}er/b.py"]

    asyncio.run(run())


def test_edits_under_the_old_name_count_until_the_client_has_reopened() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        file_operations.register(host, session)
        text_sync.register(host, session)
        session.documents.open(OLD, "python", 1, "x")
        await host.call(*RENAME)
        changes = {"textDocument": {"uri": OLD, "version": 2}, "contentChanges": [{"text": "y"}]}
        await host.call("textDocument/didChange", changes)
        document = session.documents.get(OLD)
        assert document is not None
        assert document.text == "y"
        # What was closed in the meantime is no longer waited for: its old name may be another file's by then.
        session.documents.close(OLD)
        session.documents.open(OLD, "python", 1, "another file")
        session.documents.open(NEW, "python", 1, "y")
        assert len(session.documents) == 2

    asyncio.run(run())


def test_a_rename_ends_what_is_computed_under_the_old_name() -> None:
    async def run() -> None:
        backend = ScriptedBackend("1 2", gate=asyncio.Event())
        host, session = FakeHost(), Session(lambda _: backend)
        file_operations.register(host, session)
        session.documents.open(OLD, "python", 1, "x = ")
        asking = asyncio.ensure_future(session.suggest(OLD, Place(0, 4)))
        await backend.started.get()
        await host.call(*RENAME)
        assert await asking is None
        await session.close()

    asyncio.run(run())


@pytest.mark.parametrize("deleted", [False, True])
def test_a_pinned_file_that_is_gone_stands_before_no_further_prompt(tmp_path: Path, deleted: bool) -> None:
    async def run() -> None:
        pinned = tmp_path / "pinned.py"
        pinned.write_text("p = 1\n")
        backend, host = ScriptedBackend("1"), FakeHost()
        session = Session(lambda _: backend)
        file_operations.register(host, session)
        session.roots = (tmp_path.as_uri(),)
        session.configure("test", {"pinnedFiles": ["pinned.py"]})
        session.documents.open(f"{tmp_path.as_uri()}/a.py", "python", 1, "x = ")
        await session.suggest(f"{tmp_path.as_uri()}/a.py", Place(0, 4))
        pinned.rename(tmp_path / ".env")
        file = {"uri": pinned.as_uri(), "oldUri": pinned.as_uri(), "newUri": (tmp_path / ".env").as_uri()}
        await host.call(f"workspace/did{'Delete' if deleted else 'Rename'}Files", {"files": [file]})
        await asyncio.gather(*session._background)
        await session.suggest(f"{tmp_path.as_uri()}/a.py", Place(0, 4))
        assert [query.context for query in backend.asked] == [(("pinned.py", "p = 1\n"),), ()]
        await session.close()

    asyncio.run(run())


@pytest.mark.parametrize("raw", [{"files": [3]}, {"files": [{}]}, {"files": 4}])
@pytest.mark.parametrize("method", ["workspace/didRenameFiles", "workspace/didDeleteFiles"])
def test_params_that_do_not_fit_are_refused(method: str, raw: object) -> None:
    host = FakeHost()
    file_operations.register(host, Session(lambda _: ScriptedBackend()))
    with pytest.raises(ParamsError):
        asyncio.run(host.call(method, raw))

"""What an engine may see."""

import asyncio
from pathlib import Path

from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.next_edits.surroundings import Surroundings
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend


def session() -> Session:
    made = Session(lambda _: ScriptedBackend(), clock=lambda: 0.0)
    made.roots = ("file:///p",)
    return made


def edited(made: Session, around: Surroundings, uri: str, text: str) -> str:
    document = made.documents.get(uri)
    assert document is not None
    before = document.lines
    made.documents.change(uri, None, [Edit(text, Place(0, 0), Place(0, 0))])
    return around.note(uri, before, 1.0)


def test_documents_of_a_folder_share_a_log_and_see_each_other() -> None:
    made = session()
    around = Surroundings(made)
    for name in ("p/a.py", "p/b.py", "p/.env", "q/c.py"):
        made.documents.open(f"file:///{name}", "python", 1, f"# {name}\r\n")
    for name in ("p/a.py", "q/c.py"):
        assert edited(made, around, f"file:///{name}", "x = 1\r\n") == "edit"
    document = made.documents.get("file:///p/b.py")
    assert document is not None
    seen = around.situation(document, Place(0, 2), made.settings)
    assert (seen.path, seen.text, seen.snapshot.column) == ("b.py", "# p/b.py\n", 2)
    assert [(hunk.path, hunk.new) for hunk in seen.log.hunks()] == [("a.py", ("x = 1",))]
    assert dict(seen.texts) == {"a.py": "x = 1\n# p/a.py\n", "b.py": "# p/b.py\n"}
    assert around.at(document, "a.py") == ("file:///p/a.py", made.documents.get("file:///p/a.py"))
    assert around.at(document, "d e.py") == ("file:///p/d%20e.py", None)


def test_a_document_outside_stands_for_itself_and_is_forgotten_when_closed() -> None:
    made = session()
    around = Surroundings(made)
    made.documents.open("untitled:1", "python", 1, "")
    assert edited(made, around, "untitled:1", "x") == "edit"
    document = made.documents.get("untitled:1")
    assert document is not None
    seen = around.situation(document, Place(0, 0), made.settings)
    assert (seen.path, len(seen.log.hunks()), dict(seen.texts)) == ("document.py", 1, {"document.py": "x"})
    assert len(around) == 1
    around.forget("untitled:1")
    assert len(around) == 0
    assert around.situation(document, Place(0, 0), made.settings).log.hunks() == []


def test_what_is_not_open_is_not_noted() -> None:
    around = Surroundings(session())
    assert around.note("file:///p/a.py", session().documents.open("u", "", 1, "x").lines, 1.0) == "nothing"


def test_files_of_the_folder_are_read_without_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "b.py").write_text(f"token = 'ghp_{'a' * 36}'\n")
    (tmp_path / "p" / ".env").write_text("x = 1\n")

    async def run() -> None:
        made = Session(lambda _: ScriptedBackend(), index_dir=tmp_path / "index")
        root = (tmp_path / "p").as_uri()
        made.roots = (root,)
        document = made.documents.open(f"{root}/a.py", "python", 1, "")
        made.repository.begin(document.uri, made.settings, made.roots)
        # The folder is made in a thread; until then nothing of it is known.
        await asyncio.gather(*made._background)
        seen = Surroundings(made).situation(document, Place(0, 0), made.settings)
        try:
            assert seen.index is not None
            assert seen.read("b.py") == "token = '<redacted>'\n"
            assert (seen.read(".env"), seen.read("../p/b.py"), seen.read("none.py")) == (None, None, None)
        finally:
            await made.close()

    asyncio.run(run())

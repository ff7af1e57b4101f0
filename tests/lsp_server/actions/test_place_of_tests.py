import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from mellum_ls.lsp_server.actions.place_of_tests import PlaceOfTests, place_of_tests
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend

Find = Callable[[str], Awaitable[PlaceOfTests | str]]


def play(root: Path, scene: Callable[[Session, Find], Awaitable[None]]) -> None:
    async def run() -> None:
        session = Session(lambda _: ScriptedBackend())
        session.roots = (root.as_uri(),)
        session.open((root / "main.py").as_uri(), "python", 1, "")
        await session.kept_back.judged((root / "main.py").as_uri())
        await scene(session, lambda path: place_of_tests(session, (root / path).as_uri(), path))
        await session.close()

    asyncio.run(run())


def test_without_a_file_of_tests_it_is_a_new_one(tmp_path: Path) -> None:
    async def scene(session: Session, place: Find) -> None:
        target = (tmp_path / "tests/test_my shapes.py").as_uri()
        assert await place("src/my shapes.py") == PlaceOfTests(target, "tests/test_my shapes.py")
        assert await place("src/shapes.cobol") == "it is not known where tests belong"
        elsewhere = await place_of_tests(session, "file:///elsewhere/a.py", "")
        assert elsewhere == "it is not known where tests belong"

    play(tmp_path, scene)


def test_a_file_that_is_there_is_taken_as_it_is_and_an_open_one_before_it(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_bytes(b"x = 1\r\n")
    (tmp_path / "tests/test_b.py").write_bytes(b"\xff")

    async def scene(session: Session, place: Find) -> None:
        found = await place("a.py")
        assert isinstance(found, PlaceOfTests)
        assert found.snapshot is not None
        assert ("".join(found.snapshot.lines), found.version, found.is_open) == ("x = 1\r\n", None, False)
        session.documents.open(found.uri, "python", 7, "y = 2\n")
        found = await place("a.py")
        assert isinstance(found, PlaceOfTests)
        assert found.snapshot is not None
        assert ("".join(found.snapshot.lines), found.version, found.is_open) == ("y = 2\n", 7, True)
        assert await place("b.py") == "the file of tests cannot be read"

    play(tmp_path, scene)


def test_what_is_kept_back_gets_no_tests(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text("x = 1\n")

    async def scene(session: Session, place: Find) -> None:
        session.configure("test", {"exclude": ["tests/**"]})
        await session.kept_back.judged((tmp_path / "main.py").as_uri())
        for path in ("a.py", "b.py"):
            assert "kept back" in str(await place(path))
        session.documents.open((tmp_path / "tests/test_a.py").as_uri(), "python", 1, "x = 1\n")
        assert "kept back" in str(await place("a.py"))

    play(tmp_path, scene)


def test_a_file_of_tests_elsewhere_is_found_by_the_index(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "checks").mkdir(parents=True)
    (root / "checks/shapes_test.py").write_text("x = 1\n")
    (root / "shapes.py").write_text("def area(): ...\n")

    async def run() -> None:
        session, ready = Session(lambda _: ScriptedBackend(), index_dir=tmp_path / "index"), asyncio.Event()
        session.roots = (root.as_uri(),)
        session.repository.watchers.append(lambda _, event: ready.set() if event["event"] == "ready" else None)
        uri = (root / "shapes.py").as_uri()
        session.open(uri, "python", 1, "")
        await session.kept_back.judged(uri)
        async with asyncio.timeout(60):
            await ready.wait()
        found = await place_of_tests(session, uri, "shapes.py")
        assert isinstance(found, PlaceOfTests)
        assert (found.path, found.snapshot is None) == ("checks/shapes_test.py", False)
        await session.close()

    asyncio.run(run())

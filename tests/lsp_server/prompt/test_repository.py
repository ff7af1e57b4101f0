import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.documents.store import DocumentStore, Place, Snapshot
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.settings.fields import Settings

PRICES = 'def gross_price(net: float, rate: float) -> float:\n    """With tax."""\n    return net * (1 + rate)\n'
CART = "from prices import gross_price\n\n\ndef total(items):\n    return \n" + "\n" * 60 + "x = 1\n"
SETTINGS = Settings(context_chars=4000)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "prices.py").write_text(PRICES)
    (folder / "cart.py").write_text(CART)
    return folder


class Desk:
    """A repository over real folders, with its background work."""

    def __init__(self, cache: Path | None) -> None:
        self.documents = DocumentStore()
        self.tasks: list[asyncio.Task[None]] = []
        self.events: list[tuple[str, str]] = []
        self.repository = Repository(self.documents, self._in_background, cache)
        self.repository.watchers.append(lambda root, event: self._heard(root, event))
        self._news = asyncio.Event()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    def _heard(self, root: str, event: dict[str, Any]) -> None:
        self.events.append((root, str(event["event"])))
        self._news.set()

    async def heard(self, root: Path, event: str, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while self.events.count((root.as_uri(), event)) < times:
                self._news.clear()
                await self._news.wait()

    def open(self, path: Path, text: str | None = None) -> None:
        self.documents.open(path.as_uri(), "python", 1, path.read_text() if text is None else text)

    def snapshot(self, path: Path, line: int, character: int) -> Snapshot:
        document = self.documents.get(path.as_uri())
        assert document is not None
        return document.snapshot(Place(line, character))

    async def context(
        self, path: Path, root: Path, line: int = 4, settings: Settings = SETTINGS, *, idle: bool = False
    ) -> dict[str, str]:
        found = await self.repository.context(
            self.snapshot(path, line, 0), (0, 100), settings, [root.as_uri()], idle=idle
        )
        return dict(found)


def with_desk(tmp_path: Path, test: Callable[[Desk], Awaitable[None]], *, index: bool = True) -> None:
    async def run() -> None:
        desk = Desk(tmp_path / "cache" if index else None)
        try:
            await test(desk)
        finally:
            await desk.repository.close()
            await asyncio.gather(*desk.tasks)

    asyncio.run(run())


def test_what_is_imported_is_shown_once_the_files_are_read(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        cart = root / "cart.py"
        desk.open(cart)
        await desk.context(cart, root)
        await desk.heard(root, "ready")
        found = await desk.context(cart, root, idle=True)
        assert "def gross_price(net: float, rate: float) -> float" in found["prices.py"]
        assert "cart.py" not in found
        # At a key nothing is chosen anew: the same objects stand there.
        assert await desk.context(cart, root, line=6) == found

    with_desk(tmp_path, test)


def test_another_place_is_looked_at_and_a_near_one_is_not(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        cart = root / "cart.py"
        desk.open(cart)
        assert await desk.context(cart, root) == {}, "nobody waits for a folder to be read"
        await desk.heard(root, "ready")
        assert "prices.py" in await desk.context(cart, root, line=5)
        (root / "more.py").write_text("class More:\n    def size(self):\n        return 1\n")
        desk.repository.changed([(root / "more.py").as_uri()])
        await desk.heard(root, "updated")
        desk.open(cart, CART.replace("x = 1", "from more import More\nx = More()"))
        assert "more.py" not in await desk.context(cart, root, line=20), "nothing is chosen while one stays"
        assert "more.py" in await desk.context(cart, root, line=60)

    with_desk(tmp_path, test)


def test_an_import_that_is_not_saved_yet_and_a_test_are_found(tmp_path: Path, root: Path) -> None:
    (root / "deep").mkdir()
    (root / "deep" / "__init__.py").write_text("")
    (root / "deep" / "rates.py").write_text("class Rates:\n    def of(self, year: int) -> float:\n        return 0.2\n")
    (root / "test_cart.py").write_text("def test_an_empty_cart_costs_nothing():\n    assert 1\n")

    async def test(desk: Desk) -> None:
        cart = root / "cart.py"
        desk.open(cart, "from deep import rates\n" + CART)
        await desk.context(cart, root)
        await desk.heard(root, "ready")
        found = await desk.context(cart, root, idle=True)
        assert "Rates" in found["deep/rates.py"]
        assert "test_an_empty_cart_costs_nothing" in found["test_cart.py"]

    with_desk(tmp_path, test)


def test_a_saved_file_counts_from_the_next_choice_on(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        cart = root / "cart.py"
        desk.open(cart)
        await desk.context(cart, root)
        await desk.heard(root, "ready")
        (root / "prices.py").write_text(PRICES.replace("net: float,", "net: float, discount: float,"))
        desk.repository.changed([(root / "prices.py").as_uri(), "file:///elsewhere/x.py"])
        await desk.heard(root, "updated")
        assert "discount: float" in (await desk.context(cart, root, idle=True))["prices.py"]

    with_desk(tmp_path, test)


def test_what_is_ignored_from_now_on_leaves_at_once(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        cart = root / "cart.py"
        desk.open(cart)
        await desk.context(cart, root)
        await desk.heard(root, "ready")
        assert "prices.py" in await desk.context(cart, root, idle=True)
        (root / ".aiexclude").write_text("prices.py\n")
        desk.repository.changed([(root / ".aiexclude").as_uri()])
        assert await desk.context(cart, root) == {}

    with_desk(tmp_path, test)


def test_settings_decide_whether_and_what_is_looked_at(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        cart = root / "cart.py"
        desk.open(cart)
        off = Settings(context=False)
        assert await desk.context(cart, root, settings=off) == {}
        assert desk.repository.report() == []
        await desk.context(cart, root)
        await desk.heard(root, "ready")
        # Another list of exclusions is another folder to look at.
        without = Settings(context_chars=4000, exclude=("prices.py",))
        await desk.context(cart, root, settings=without)
        await desk.heard(root, "ready", times=2)
        assert await desk.context(cart, root, settings=without, idle=True) == {}
        assert len(desk.repository.report()) == 1
        await desk.context(cart, root, settings=off)
        assert desk.repository.report() == []

    with_desk(tmp_path, test)


def test_a_folder_that_leaves_the_workspace_is_let_go(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.open(root / "cart.py")
        await desk.context(root / "cart.py", root)
        desk.repository.keep(["file:///other"])
        assert desk.repository.report() == []

    with_desk(tmp_path, test)


def test_nothing_is_looked_at_without_a_place_for_what_is_known(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.open(root / "cart.py")
        assert await desk.context(root / "cart.py", root, idle=True) == {}
        assert desk.repository.report() == []

    with_desk(tmp_path, test, index=False)


def test_a_document_in_no_folder_on_disk_has_no_context(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.open(root / "cart.py")
        assert await desk.context(root / "cart.py", tmp_path / "gone") == {}
        assert await desk.context(root / "cart.py", root / "prices.py") == {}

    with_desk(tmp_path, test)


def test_a_whole_disk_is_not_read_through(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.open(root / "cart.py")
        disk = Path(root.anchor)
        assert await desk.context(root / "cart.py", disk) == {}
        await asyncio.gather(*desk.tasks)
        assert desk.repository.report() == []
        assert desk.repository.folder((root / "cart.py").as_uri(), SETTINGS, [disk.as_uri()]) is None

    with_desk(tmp_path, test)


def test_an_index_goes_on_when_the_last_answer_is_there(tmp_path: Path, root: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.open(root / "cart.py")
        desk.repository.begin((root / "cart.py").as_uri(), SETTINGS, [root.as_uri()])
        await desk.heard(root, "building")
        told: list[object] = []
        index = desk.repository._folders[root.as_uri()]._index
        index._tell, tell = lambda command: (told.append(command), tell(command))[1], index._tell  # type: ignore[assignment, method-assign]
        with desk.repository.giving_way():
            with desk.repository.giving_way():
                pass
            assert told == [{"do": "rest", "seconds": 2.0}] * 2
        assert told[2:] == [{"do": "rest", "seconds": 0.12}]
        # The real process takes the rest, and ends it.
        await desk.heard(root, "ready")
        told.clear()
        with desk.repository.giving_way():
            pass
        assert told == []  # it has nothing to do

    with_desk(tmp_path, test)

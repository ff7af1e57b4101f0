import asyncio
from pathlib import Path
from typing import Any

from mellum_ls.context.selection.place import OpenFile, Place, Recent
from mellum_ls.lsp_server.prompt.folder import Asked, Folder

CART = "from prices import gross_price\n\n\ndef total(items):\n    return \n"


def test_a_folder_is_read_chosen_from_and_reported(tmp_path: Path) -> None:
    async def run() -> None:
        root = tmp_path / "project"
        root.mkdir()
        (root / "prices.py").write_text("def gross_price(net: float) -> float:\n    return net\n")
        (root / "checks").mkdir()
        (root / "checks" / "prices_test.py").write_text("x = 1\n")
        ready, count = asyncio.Event(), 0

        def heard(event: dict[str, Any]) -> None:
            if event["event"] == "ready":
                ready.set()

        def ask(path: str = "cart.py") -> Asked:
            nonlocal count
            count += 1
            return Asked(Place(path, CART, 4, 11), (OpenFile("other.py", "x = 1\n"),), Recent())

        folder = Folder(root, tmp_path / "cache", (), 200_000, heard)
        await folder.start()
        # How much a prompt may have is known when something is asked, not when the folder is made.
        folder.resize(2000)
        async with asyncio.timeout(60):
            await ready.wait()
        chosen = await folder.choose("cart.py", 4, ask)
        assert [path for path, _ in chosen.context] == ["prices.py"]
        assert chosen.most_chars == 2000
        assert await folder.choose("cart.py", 5, ask) is chosen
        assert count == 1, "what costs time is not asked where nothing is chosen"
        report = folder.report()
        assert (report["folder"], report["state"], report["files"]) == ("project", "ready", 2)
        assert await folder.tests_of("prices.py") == ["checks/prices_test.py"]
        assert await folder.tests_of("cart.py") == []
        assert [piece["path"] for piece in report["chosen"]["chosen"]] == ["prices.py"]
        # Two requests at once look once.
        both = (folder.choose("b.py", 4, lambda: ask("b.py")) for _ in range(2))
        again = await asyncio.gather(*both)
        assert count == 2
        assert again[0] is again[1]
        folder.resize(0)
        assert (await folder.choose("cart.py", 4, ask, idle=True)).context == ()
        await folder.close()

    asyncio.run(run())


def test_a_choice_that_nobody_waits_for_any_more_is_made_all_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        root = tmp_path / "project"
        root.mkdir()
        (root / "prices.py").write_text("def gross_price(net: float) -> float:\n    return net\n")
        folder = Folder(root, tmp_path / "cache", (), 2000, lambda event: None)
        opened = (OpenFile("prices.py", "def gross_price(net: float) -> float:\n    return net\n"),)

        def ask() -> Asked:
            return Asked(Place("cart.py", CART, 4, 11), opened, Recent(opened=("prices.py",)))

        waiting = asyncio.ensure_future(folder.choose("cart.py", 4, ask))
        await asyncio.sleep(0)
        waiting.cancel()
        assert (await folder.choose("cart.py", 4, ask)).context != ()
        await folder.close()

    asyncio.run(run())

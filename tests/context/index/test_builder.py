"""A folder made into an index, and kept true: incremental equals from scratch, secrets stay out."""

import multiprocessing
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mellum_ls.context.index.builder import Builder, Stopped
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import Store

FILES = {
    "app/__init__.py": "",
    "app/cart.py": "from app.shop import price_of\n\nclass Cart:\n    def total(self): return price_of(self)\n",
    "app/shop.py": "def price_of(fruit):\n    return fruit.apples\n",
    "main.py": "from app.cart import Cart\nprint(Cart().total())\n",
    "README.md": "# The shop\n\nSells apples.\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    for path, text in FILES.items():
        write(root, path, text)
    return root


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.fixture
def store(root: Path, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "cache" / "x.index", str(root))
    yield store
    store.close()


def answers(store: Store) -> dict[str, object]:
    """All that can be asked of the index, whatever its rows are numbered."""
    reader = Reader(store.path)
    every = [path for (path,) in store.connection.execute("SELECT path FROM files ORDER BY path")]
    words = [term for (term,) in store.connection.execute("SELECT term FROM terms ORDER BY term")]
    found: dict[str, object] = {
        "paths": every,
        "words": store.connection.execute("SELECT term, chunks FROM terms ORDER BY term").fetchall(),
        "hits": {word: [(h.chunk, round(h.score, 6)) for h in reader.search([word], 99)] for word in words},
        "outlines": {path: reader.outline(path) for path in every},
        "imports": {path: reader.imported_by(path) for path in every},
        "users": {name: reader.users(name) for name in ("Cart", "price_of", "total")},
        "skipped": reader.skipped(),
    }
    assert reader.trouble == ""
    reader.close()
    return found


def from_scratch(root: Path, tmp_path: Path) -> dict[str, object]:
    store = Store.open(tmp_path / "scratch" / "y.index", str(root))
    Builder(root, store).build()
    found = answers(store)
    store.close()
    return found


def test_a_folder_is_found_whole(root: Path, store: Store) -> None:
    seen: list[tuple[int, int]] = []
    report = Builder(root, store, progress=lambda done, total: seen.append((done, total))).build()
    assert sorted(report.written) == sorted(FILES)
    assert (seen[0], seen[-1]) == ((0, 5), (5, 5))
    reader = Reader(store.path)
    assert [d.path for d in reader.definitions(["Cart"])] == ["app/cart.py"]
    assert reader.imported_by("main.py") == ["app/cart.py"]
    assert reader.importers_of("app/shop.py") == ["app/cart.py"]
    assert [h.chunk.path for h in reader.search(["sells"], 5)] == ["README.md"]
    assert reader.is_whole()
    reader.close()


def test_processes_build_the_same(root: Path, store: Store, tmp_path: Path) -> None:
    Builder(root, store, processes=2, processes_from=2).build()
    assert answers(store) == from_scratch(root, tmp_path)


def test_what_did_not_change_is_not_read_again(root: Path, store: Store) -> None:
    Builder(root, store).build()
    again = Builder(root, store).build()
    assert (again.written, again.removed, again.unchanged) == ([], [], 5)
    # A file that was only touched is read, and its rows stay.
    os.utime(root / "main.py", ns=(1, 1))
    touched = Builder(root, store).build()
    assert (touched.written, touched.unchanged) == ([], 5)
    assert Builder(root, store).build().unchanged == 5


def change(root: Path) -> list[str]:
    write(root, "app/cart.py", "from app import fruit\n\nclass Basket:\n    pass\n")
    write(root, "app/fruit.py", "apples = 3\n")
    (root / "main.py").unlink()
    (root / "app/shop.py").rename(root / "shop.py")
    return ["app/cart.py", "app/fruit.py", "main.py", "app/shop.py", "shop.py"]


@pytest.mark.parametrize("way", ["build", "update", "one by one"])
def test_incremental_equals_from_scratch(root: Path, store: Store, tmp_path: Path, way: str) -> None:
    builder = Builder(root, store)
    builder.build()
    changed = change(root)
    if way == "build":
        builder.build()
    elif way == "update":
        builder.update(changed)
    else:
        for path in changed:
            builder.update([path])
    assert answers(store) == from_scratch(root, tmp_path)
    assert "Basket" in str(answers(store))


def test_an_import_that_leads_nowhere_is_found_when_its_file_comes(root: Path, store: Store) -> None:
    write(root, "early.py", "import app.late\n")
    builder = Builder(root, store)
    builder.build()
    reader = Reader(store.path)
    assert reader.imported_by("early.py") == []
    write(root, "app/late.py", "x = 1\n")
    builder.update(["app/late.py"])
    assert reader.imported_by("early.py") == ["app/late.py"]
    (root / "app/late.py").unlink()
    builder.update(["app/late.py"])
    assert reader.imported_by("early.py") == []
    reader.close()


def test_a_folder_that_goes_or_comes_takes_its_files_along(root: Path, store: Store, tmp_path: Path) -> None:
    builder = Builder(root, store)
    builder.build()
    (root / "app").rename(root / "lib")
    report = builder.update(["app"])
    assert sorted(report.removed) == ["app/__init__.py", "app/cart.py", "app/shop.py"]
    builder.update(["lib"])
    assert answers(store) == from_scratch(root, tmp_path)


SECRETS = {
    "inline.py": 'aws_secret_access_key = "wJalrXUtnFEMIK7MDENGbPxRfiCYzqvw81KLmNo"\nkey_id = "AKIAQZ3XWVUTSRPNMLKJ"\n',
    "server.py": "KEY = '''-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAzzquincemarmaladezz1234567890abcdefgh\n"
    "-----END RSA PRIVATE KEY-----'''\n",
    ".env": "DATABASE_PASSWORD=zwetschgenkuchen\n",
    "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\nmirabellenschnaps\n-----END OPENSSH PRIVATE KEY-----\n",
    "ignored/notes.py": "def hollerkuechel(): pass\n",
    "chosen/by_user.py": "def powidltascherl(): pass\n",
    ".gitignore": "ignored/\n",
}
TRACES = (b"wJalr", b"wjalr", b"AKIAQ", b"akiaq", b"quince", b"zwetschgen", b"mirabellen", b"hollerk", b"powidl")


def bytes_on_disk(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in store.path.parent.iterdir())


def test_no_secret_is_on_the_disk(root: Path, store: Store) -> None:
    for path, text in SECRETS.items():
        write(root, path, text)
    builder = Builder(root, store, ["chosen/"])
    builder.build()
    builder.update(SECRETS)
    written = bytes_on_disk(store)
    assert [trace for trace in TRACES if trace in written] == []
    assert b"aws_secret_access_key" in written or b"access" in written  # the file itself was taken in
    reader = Reader(store.path)
    assert reader.has("inline.py")
    assert not reader.has(".env")
    reader.close()


def test_what_becomes_excluded_leaves_the_disk(root: Path, store: Store) -> None:
    write(root, "later/plan.py", "def powidltascherl(): return hollerkuechel\n")
    write(root, "chosen/by_user.py", "def zwetschgenkuchen(): pass\n")
    Builder(root, store).build()
    written = bytes_on_disk(store)
    assert b"powidl" in written
    assert b"zwetschgen" in written
    builder = Builder(root, store, ["chosen/"])
    builder.build()
    assert b"zwetschgen" not in bytes_on_disk(store)
    write(root, ".gitignore", "later/\n")
    builder.update([".gitignore"])
    written = bytes_on_disk(store)
    assert b"powidl" not in written
    assert b"hollerk" not in written


def test_a_file_that_is_given_up_is_not_read_at_each_start(root: Path, store: Store) -> None:
    (root / "binary.py").write_bytes(b"\0\1" * 50)
    first = Builder(root, store).build()
    assert [path for path, _ in first.left_out] == ["binary.py"]
    seen: list[tuple[int, int]] = []
    Builder(root, store, progress=lambda done, total: seen.append((done, total))).build()
    assert seen[-1] == (0, 0)
    reader = Reader(store.path)
    assert dict(reader.skipped())["binary.py"]
    write(root, "binary.py", "x = 1\n")
    Builder(root, store).update(["binary.py"])
    assert "binary.py" not in dict(reader.skipped())
    assert reader.has("binary.py")
    reader.close()


def test_what_leads_out_or_is_no_file_is_not_taken(root: Path, store: Store, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("def powidltascherl(): pass\n")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "again.py").symlink_to(root / "main.py")
    builder = Builder(root, store)
    builder.build()
    builder.update(["link.py", "again.py", "../outside.py", "/etc/passwd", "", "\udc80.py", "nowhere/at/all.py"])
    assert answers(store)["paths"] == sorted(FILES)
    assert b"powidl" not in bytes_on_disk(store)


def test_a_stop_keeps_what_is_whole(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mellum_ls.context.index.builder.BATCH_FILES", 300)
    for number in range(450):
        write(root, f"more/file_{number}.py", f"x = {number}\n")
    done = 0

    def progress(now: int, total: int) -> None:
        nonlocal done
        done = now

    with pytest.raises(Stopped):
        Builder(root, store, progress=progress, stopped=lambda: done > 0).build()
    reader = Reader(store.path)
    assert 0 < reader.counts()["files"] == done < 455
    assert not reader.is_whole()
    report = Builder(root, store).build()
    assert len(report.written) == 455 - done
    assert reader.is_whole()
    reader.close()


def test_a_full_disk_is_said_and_keeps_the_old_state(root: Path, store: Store) -> None:
    builder = Builder(root, store)
    builder.build()
    before = answers(store)
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    write(root, "big.py", "\n".join(f"def function_{n}_{n * 7919}(): return word{n}" for n in range(4000)))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        builder.update(["big.py"])
    assert answers(store) == before
    store.connection.execute("PRAGMA max_page_count = 100000")
    builder.update(["big.py"])
    assert "big.py" in answers(store)["paths"]  # type: ignore[operator]


def test_what_changed_together_is_known(root: Path, store: Store) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    for turn in range(3):
        write(root, "app/shop.py", f"price = {turn}\n")
        write(root, "main.py", f"total = {turn}\n")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)
    Builder(root, store).build()
    reader = Reader(store.path)
    assert reader.cochanged("main.py")[0] == ("app/shop.py", 3)
    reader.close()


def test_nothing_is_linked_again_without_a_change(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    Builder(root, store).build()
    before = answers(store)
    with monkeypatch.context() as patched:
        patched.setattr(Builder, "_linked", lambda self: pytest.fail("imports were looked up"))
        Builder(root, store).build()
    assert answers(store) == before


def test_a_kill_between_files_and_links_is_made_good(root: Path, store: Store, tmp_path: Path) -> None:
    builder = Builder(root, store)
    builder.build()
    write(root, "app/fruit.py", "from app.shop import price_of\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Builder, "_link_all", lambda self: (_ for _ in ()).throw(Stopped))
        with pytest.raises(Stopped):
            Builder(root, store).build()
    Builder(root, store).build()
    assert answers(store) == from_scratch(root, tmp_path)
    assert answers(store)["imports"]["app/fruit.py"] == ["app/shop.py"]  # type: ignore[index]


@pytest.mark.parametrize(("batch", "flushed"), [(1, 1), (2, 1), (3, 2), (1000, 2)])
def test_rows_do_not_depend_on_how_many_are_written_at_once(
    root: Path, store: Store, tmp_path: Path, batch: int, flushed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        write(root, f"app/more{number}.py", f"from app.shop import price_of\n\n\ndef more{number}(): ...\n")
    with monkeypatch.context() as patched:
        patched.setattr("mellum_ls.context.index.builder.BATCH_FILES", batch)
        patched.setattr("mellum_ls.context.index.builder.FLUSHED_FILES", flushed)
        done: list[tuple[int, int]] = []
        report = Builder(root, store, progress=lambda *at: done.append(at)).build()
    assert len(report.written) == 12
    assert done[0] == (0, 12)
    assert done[-1] == (12, 12)
    assert answers(store) == from_scratch(root, tmp_path)


def test_what_was_written_of_a_batch_that_failed_is_in_no_report(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mellum_ls.context.index.builder.FLUSHED_FILES", 1)
    asked = iter([*[False] * 8, True])
    with pytest.raises(Stopped):
        Builder(root, store, stopped=lambda: next(asked, True)).build()
    assert store.connection.execute("SELECT count(*) FROM files").fetchone() == (0,)
    assert store.connection.execute("SELECT count(*) FROM chunks").fetchone() == (0,)


def test_few_files_start_no_process(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mellum_ls.context.index.builder.InProcesses", lambda *_: pytest.fail("a process was started"))
    assert len(Builder(root, store, processes=2).build().written) == 5


def test_processes_start_while_files_are_looked_for_and_end_with_a_stop_there(root: Path, store: Store) -> None:
    most = 0

    def stopped() -> bool:
        nonlocal most
        most = max(most, len(multiprocessing.active_children()))
        return most > 0

    with pytest.raises(Stopped):
        Builder(root, store, processes=2, processes_from=2, stopped=stopped).build()
    assert most == 2
    assert not multiprocessing.active_children()
    assert store.connection.execute("SELECT count(*) FROM files").fetchone() == (0,)
    assert len(Builder(root, store, processes=2, processes_from=2).build().written) == 5
    assert not multiprocessing.active_children()

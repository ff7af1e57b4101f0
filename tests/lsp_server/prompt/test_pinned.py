import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.store import DocumentStore, Edit
from mellum_ls.lsp_server.prompt.pinned import PinnedFiles, read_files
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.settings.fields import Settings

A = "a = 1\n"


def workspace(tmp_path: Path, **texts: str) -> str:
    """A folder with the files `name`.py; its URI."""
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8", newline="")
    return tmp_path.as_uri()


def test_files_come_in_the_order_of_the_settings_and_without_the_current_one(tmp_path: Path) -> None:
    async def run() -> None:
        root = workspace(tmp_path, a=A, b="b\r\nb\r\n")
        pinned = PinnedFiles(DocumentStore())
        settings = Settings(pinned_files=("b.py", "./a.py", "b.py"))
        assert await pinned.context("untitled:1", settings, [root]) == (("b.py", "b\nb\n"), ("a.py", A))
        assert await pinned.context(f"{root}/b.py", settings, [root]) == (("a.py", A),)
        assert pinned.problems == ()
        report = {"files": [{"path": "b.py", "chars": 4}, {"path": "a.py", "chars": 6}], "problems": []}
        assert pinned.report() == report

    asyncio.run(run())


def test_a_change_counts_from_the_next_pause_on(tmp_path: Path) -> None:
    async def run() -> None:
        root = workspace(tmp_path, a=A, b="b")
        documents = DocumentStore()
        pinned = PinnedFiles(documents)
        settings = Settings(pinned_files=("a.py", "b.py"))
        before = await pinned.context("u", settings, [root])
        workspace(tmp_path, a="a = 2\n")
        documents.open(f"{root}/b.py", "python", 1, "unsaved")
        assert await pinned.context("u", settings, [root]) == before
        await pinned.renew()
        assert await pinned.context("u", settings, [root]) == (("a.py", "a = 2\n"), ("b.py", "unsaved"))
        documents.change(f"{root}/b.py", 2, [Edit("more")])
        assert (await pinned.context("u", settings, [root]))[1] == ("b.py", "unsaved")
        documents.close(f"{root}/b.py")
        await pinned.renew()
        assert (await pinned.context("u", settings, [root]))[1] == ("b.py", "b")

    asyncio.run(run())


def test_changed_settings_and_folders_count_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        one, two = workspace(tmp_path / "one", a="1"), workspace(tmp_path / "two", a="2", b="2")
        pinned = PinnedFiles(DocumentStore())
        settings = Settings(pinned_files=("a.py",))
        assert await pinned.context("u", settings, [one, two]) == (("a.py", "1"),)
        assert await pinned.context("u", settings, [two, one]) == (("a.py", "2"),)
        assert await pinned.context("u", Settings(pinned_files=("b.py",)), [one, two]) == (("b.py", "2"),)
        assert await pinned.context("u", Settings(), [one]) == ()
        assert pinned.report() == {"files": [], "problems": []}

    asyncio.run(run())


def test_requests_at_the_same_time_get_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        root = workspace(tmp_path, a=A)
        pinned = PinnedFiles(DocumentStore())
        settings = Settings(pinned_files=("a.py",))
        asked = [pinned.context("u", settings, [root]) for _ in range(5)]
        assert set(await asyncio.gather(*asked)) == {(("a.py", A),)}

    asyncio.run(run())


def test_what_is_not_pinned_is_named_with_the_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workspace(tmp_path, a=A)
    (tmp_path / ".env").write_text("PASSWORD=hunter2")
    (tmp_path / "notes.txt").symlink_to(tmp_path / ".env")
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"a\0b")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    os.mkfifo(tmp_path / "pipe")
    reasons = {
        "gone.py": "there is no such file in the workspace",
        "../a.py": "not inside the workspace; name it by its path relative to a workspace folder",
        "/etc/hosts": "not inside the workspace; name it by its path relative to a workspace folder",
        ".env": "holds environment values, so it is kept back",
        "notes.txt": "holds environment values, so it is kept back",
        "folder": "not a regular file",
        "pipe": "not a regular file",
        "binary": "not text",
        "latin": "not UTF-8 text",
    }
    files, problems = read_files([*reasons, "a.py"], [tmp_path], {}, 1000)
    assert [file.path for file in files] == ["a.py"]
    assert problems == tuple(f"{name}: {reason}" for name, reason in reasons.items())
    assert read_files(["a.py"], [], {}, 9) == ((), ("a.py: there is no workspace folder to find it in",))

    async def run() -> None:
        pinned = PinnedFiles(DocumentStore())
        await pinned.context("u", Settings(pinned_files=("gone.py",)), [tmp_path.as_uri()])
        await pinned.renew()
        assert pinned.report()["problems"] == ["gone.py: there is no such file in the workspace"]

    asyncio.run(run())
    assert caplog.messages == ["pinned file gone.py: there is no such file in the workspace"]


def test_the_limit_cuts_at_a_line_and_leaves_out_what_comes_later(tmp_path: Path) -> None:
    workspace(tmp_path, a="12\n45\n78\n", b="", c="1")
    files, problems = read_files(["a.py", "b.py", "c.py"], [tmp_path], {}, 8)
    assert [(file.path, file.text) for file in files] == [("a.py", "12\n45\n")]
    assert problems == (
        "a.py: cut after 6 characters, since pinnedChars is 8",
        "c.py: left out, since pinnedChars is 8",
    )
    assert [file.path for file in read_files(["a.py", "c.py"], [tmp_path], {}, 10)[0]] == ["a.py", "c.py"]


@given(st.lists(st.text("a\n\r\ud800é", max_size=20), max_size=5), st.integers(0, 60))
def test_open_texts_are_bounded_whole_lines_in_order(texts: list[str], most: int) -> None:
    folder = Path("/nowhere")
    names = [f"{number}.py" for number in range(len(texts))]
    files, problems = read_files(
        names, [folder], {folder / name: text for name, text in zip(names, texts, strict=True)}, most
    )
    assert sum(len(file.text) for file in files) <= most
    assert [file.path for file in files] == sorted(file.path for file in files)
    assert all("\r" not in file.text and file.text.encode() for file in files)
    # A text that went in whole takes what is left of it once its line ends are the model's.
    room, cut = most, False
    for text in texts:
        cut = cut or len(text) > room
        room = 0 if cut else room - len(model_text(text))
    assert bool(problems) == cut


def test_a_secret_is_taken_out_before_the_text_is_cut(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2" * 9
    workspace(tmp_path, a=f"x = 1\nkey = '{token}'\ny = 2\n")
    for most in range(80):
        files, _ = read_files(["a.py"], [tmp_path], {}, most)
        assert "ghp_" not in "".join(file.text for file in files), most
        assert sum(len(file.text) for file in files) <= most
    (whole,), problems = read_files(["a.py"], [tmp_path], {}, 80)
    assert (whole.text, problems) == ("x = 1\nkey = '<redacted>'\ny = 2\n", ())

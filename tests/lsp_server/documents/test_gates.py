import asyncio
import threading
from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.gates import NOT_YET, Gates
from mellum_ls.lsp_server.settings.fields import Settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        ".gitignore": "drafts/\n",
        "in/.aiexclude": "",
        "drafts/a.py": "",
        "a.py": "",
        "in/a.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def judged(root: Path, name: str, settings: Settings | None = None) -> str:
    async def run() -> str:
        gates, uri, roots = Gates(), (root / name).as_uri(), [root.as_uri()]
        await gates.judged(uri, roots, settings or Settings())
        return gates.why(uri, roots, settings or Settings())

    return asyncio.run(run())


class HeldGit:
    """What is asked of git waits, in whatever thread, until the test lets it go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: list[int] = []
        self.go_on = threading.Event()
        monkeypatch.setattr("mellum_ls.context.privacy.ignore.global_excludes", self._answer)

    def _answer(self, folder: Path) -> Path | None:
        self.threads.append(threading.get_ident())
        assert self.go_on.wait(60)
        return None


def test_ignore_files_and_settings_keep_files_back(root: Path) -> None:
    assert judged(root, "a.py") == ""
    assert judged(root, "drafts/a.py") == "is ignored by .gitignore"
    assert judged(root, "in/a.py") == "lies below in/.aiexclude, which is empty"
    assert judged(root, "a.py", Settings(exclude=("*.py",))) == "is excluded by the settings"


def test_only_what_git_ignores_can_be_allowed(root: Path) -> None:
    allowed = Settings(complete_ignored_files=True)
    assert judged(root, "drafts/a.py", allowed) == ""
    assert judged(root, "in/a.py", allowed) != ""


def test_a_file_outside_of_all_folders_is_nobodys_to_judge(root: Path) -> None:
    assert Gates().why("file:///elsewhere/a.py", [root.as_uri()], Settings()) == ""
    assert Gates().why("file:///gone/a.py", ["file:///gone"], Settings()) == ""


def test_nothing_may_be_seen_while_git_is_asked_and_the_loop_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        git, known = HeldGit(monkeypatch), asyncio.Event()
        gates, uri, roots = Gates(known.set), (root / "a.py").as_uri(), [root.as_uri()]
        assert gates.why(uri, roots, Settings()) == NOT_YET
        waiting = asyncio.ensure_future(gates.judged(uri, roots, Settings()))
        while not git.threads:
            await asyncio.sleep(0)
        assert gates.why(uri, roots, Settings()) == NOT_YET
        assert not waiting.done()
        git.go_on.set()
        await waiting
        await known.wait()
        assert gates.why(uri, roots, Settings()) == ""
        # When ignore files change, their rules are read again, and git is not asked again: that would be here.
        (root / ".gitignore").write_text("a.py\n")
        gates.changed([(root / ".gitignore").as_uri()])
        assert gates.why(uri, roots, Settings()) == "is ignored by .gitignore"
        assert len(git.threads) == 1
        assert threading.get_ident() not in git.threads

    asyncio.run(run())


def test_what_takes_too_long_is_not_waited_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mellum_ls.lsp_server.documents.gates.WAIT_SECONDS", 0.0)

    async def run() -> None:
        git = HeldGit(monkeypatch)
        gates, uri, roots = Gates(), (root / "a.py").as_uri(), [root.as_uri()]
        await gates.judged(uri, roots, Settings())
        assert gates.why(uri, roots, Settings()) == NOT_YET
        git.go_on.set()

    asyncio.run(run())


def test_what_cannot_be_judged_is_not_shown_and_tried_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(folder: Path) -> Path | None:
        raise OSError(5, "no such luck")

    async def run() -> None:
        gates, uri, roots = Gates(), (root / "a.py").as_uri(), [root.as_uri()]
        with monkeypatch.context() as patched:
            patched.setattr("mellum_ls.context.privacy.ignore.global_excludes", broken)
            await gates.judged(uri, roots, Settings())
            assert "no such luck" in caplog.text
        assert gates.why(uri, roots, Settings()) == NOT_YET
        await gates.judged(uri, roots, Settings())
        assert gates.why(uri, roots, Settings()) == ""

    asyncio.run(run())

from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.uris import file_path, relative_path, root_of, secret_reason


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/r/a%20b.py", Path("/home/r/a b.py")),
        ("file:/home/r/a.py", Path("/home/r/a.py")),
        ("FILE://localhost/r/%C3%A4.py", Path("/r/ä.py")),
        ("file:///r/./sub/../a.py", Path("/r/a.py")),
        ("file:///c%3A/r/a.py", Path("c:/r/a.py")),
        ("file:///", Path("/")),
        ("file://host", None),
        ("file:", None),
        ("untitled:Untitled-1", None),
        ("vscode-remote://x/r/a.py", None),
        ("", None),
    ],
)
def test_files_are_found_by_their_uris(uri: str, path: Path | None) -> None:
    assert file_path(uri) == path


def test_the_uri_of_a_path_leads_back_to_it(tmp_path: Path) -> None:
    for name in ("a.py", "a b.py", "ä#?%.py"):
        assert file_path((tmp_path / name).as_uri()) == tmp_path / name


def test_paths_are_relative_to_the_nearest_root() -> None:
    roots = ["file:///home/r", "file:///home/r/sub/"]
    assert relative_path("file:///home/r/a%20b.py", roots) == "a b.py"
    assert relative_path("file:///home/r/sub/c.py", roots) == "c.py"
    assert relative_path("file:///home/rest/c.py", roots) == ""
    assert relative_path("untitled:Untitled-1", roots) == ""


ROOTS = ["file:///home/r/sub/deep", "file:///home/r", "file:///home/r/sub/", "vscode-remote://box/home/far"]


@pytest.mark.parametrize(
    ("uri", "root", "path"),
    [
        ("file:///home/r/sub/deep/a.py", ROOTS[0], "a.py"),
        ("file:///home/r/sub/deeper/a.py", ROOTS[2], "deeper/a.py"),
        ("file:///home/r/other/a.py", ROOTS[1], "other/a.py"),
        ("file:///home/r", None, ""),
        ("file:///HOME/r/a.py", None, ""),
        ("vscode-remote://box/home/far/a.py", ROOTS[3], "a.py"),
        ("vscode-remote://other/home/far/a.py", None, ""),
        ("vscode-notebook-cell:/home/r/sub/n%20b.ipynb#W0sZmlsZQ%3D%3D", ROOTS[2], "n b.ipynb"),
        ("vscode-notebook-cell://box/home/far/n.ipynb#C1", ROOTS[3], "n.ipynb"),
        ("vscode-notebook-cell:/elsewhere/n.ipynb#C1", None, ""),
        ("untitled:/home/r/new.py", ROOTS[1], "new.py"),
        ("untitled:Untitled-1", None, ""),
        ("git:/home/r/a.py", None, ""),
    ],
)
def test_the_innermost_root_wins(uri: str, root: str | None, path: str) -> None:
    for roots in (ROOTS, ROOTS[::-1]):
        assert (root_of(uri, roots), relative_path(uri, roots)) == (root, path)


@pytest.mark.parametrize("uri", ["file:///home/a.py", "untitled:/home/a.py"])
def test_a_root_may_be_the_whole_disk(uri: str) -> None:
    assert (root_of(uri, ["file:///"]), relative_path(uri, ["file:///"])) == ("file:///", "home/a.py")
    assert relative_path(uri, ["file:///home//"]) == "a.py"
    assert root_of(uri, ["file:///hom"]) is None
    assert root_of("file:///home/a.py", [""]) is None


def test_escapes_are_no_part_of_a_path() -> None:
    assert relative_path("file:///c%3A/r/a.py", ["file:///c:/r"]) == "a.py"


@pytest.mark.parametrize(
    "uri",
    [
        "vscode-notebook-cell:/r/server.pem#W0",
        "file:///r/.env",
        "file:///r/%2Eenv.local",
        "file:///c%3A/r/server.pem",
        "untitled:.env",
        "vscode-notebook-cell:/home/u/.ssh/config",
        'git:/r/.env?{"ref":"HEAD"}',
        "vscode-remote://ssh/r/.env",
    ],
)
def test_secret_documents_are_known_by_their_uris(uri: str) -> None:
    assert secret_reason(uri)


@pytest.mark.parametrize("uri", ["file:///r/a.py", "untitled:Untitled-1", 'git:/r/a.py?{"path":"/r/a.py"}', ""])
def test_other_documents_are_not(uri: str) -> None:
    assert secret_reason(uri) is None

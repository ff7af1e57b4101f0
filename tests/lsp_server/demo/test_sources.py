import tomllib
from pathlib import Path

import pytest

from mellum_ls.lsp_server.demo import sources

ROOT = Path(__file__).resolve().parents[3]


def test_packages_that_are_called_held_out_are() -> None:
    listed = tomllib.loads((ROOT / "runtime/nano/packages.toml").read_text(encoding="utf-8"))["package"]
    splits = {package["name"]: package["split"] for package in listed}
    assert [splits[name] for name in sources.HELD_OUT] == ["heldout"] * len(sources.HELD_OUT)


def test_the_default_is_an_installed_package_with_its_version() -> None:
    found = sources.default_repository()
    name, number = found.name.split()
    assert found.folder.is_dir()
    assert number[0].isdigit()
    assert found.held_out == (name in sources.HELD_OUT)


def test_a_package_that_is_not_there_is_passed_over() -> None:
    assert sources.default_repository(("no-such-package", "rich")).name.startswith("rich ")
    with pytest.raises(sources.NoSources, match=r"no-such-package.*--repo"):
        sources.default_repository(("no-such-package",))


def test_the_copy_holds_the_python_files_and_the_original_stays(tmp_path: Path) -> None:
    original = tmp_path / "repo"
    for name, text in {
        "b.py": "x = 1\n",
        "sub/a.py": "y = 2\n",
        ".hidden/c.py": "z = 3\n",
        "node_modules/d.py": "z = 3\n",
        "crlf.py": "x = 1\r\n",
        "empty.py": "\n",
        "notes.txt": "words\n",
    }.items():
        path = original / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    (original / "latin.py").write_bytes(b"x = '\xe9'\n")
    before = {path: path.read_bytes() for path in original.rglob("*") if path.is_file()}
    scratch = tmp_path / "scratch"
    copied = sources.copy(sources.given_repository(str(original)), scratch)
    assert [(source.path, source.text) for source in copied] == [
        ("repo/b.py", "x = 1\n"),
        ("repo/sub/a.py", "y = 2\n"),
    ]
    assert {path.relative_to(scratch).as_posix() for path in scratch.rglob("*.py")} == {
        source.path for source in copied
    }
    assert {path: path.read_bytes() for path in original.rglob("*") if path.is_file()} == before


def test_nothing_to_type_in_is_told(tmp_path: Path) -> None:
    with pytest.raises(sources.NoSources, match="nowhere is not a folder"):
        sources.given_repository(str(tmp_path / "nowhere"))
    with pytest.raises(sources.NoSources, match="no Python files"):
        sources.copy(sources.given_repository(str(tmp_path)), tmp_path / "scratch")

import json
from pathlib import Path

import pytest

from mellum_ls.lsp_server.cli import main
from mellum_ls.lsp_server.context_command import Cursor
from mellum_ls.runtime.errors import SettingError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MELLUM_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "shop" / "prices.py").write_text(
        'def gross_price(net: float, rate: float) -> float:\n    """A price with tax."""\n    return net * (1 + rate)\n'
    )
    (root / "shop" / "cart.py").write_text("from shop.prices import gross_price\n\n\ndef total(items):\n    return \n")
    (root / ".env").write_text("gross_price=hidden\n")
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.py:3:7", Cursor(Path("a.py"), 3, 7)),
        ("a.py:3", Cursor(Path("a.py"), 3, 1)),
        ("d/a:b.py:12:1", Cursor(Path("d/a:b.py"), 12, 1)),
        ("C:\\x\\a.py:2", Cursor(Path("C:\\x\\a.py"), 2, 1)),
    ],
)
def test_a_place_is_read(text: str, expected: Cursor) -> None:
    assert Cursor.read(text) == expected


@pytest.mark.parametrize("text", ["a.py", "a.py:x:3", "a.py:0:1", "a.py:1:0", ":1:2", ""])
def test_what_is_no_place_is_told(text: str) -> None:
    with pytest.raises(SettingError, match="is no place in a file"):
        Cursor.read(text)


def test_what_is_chosen_is_explained(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = f"{project / 'shop' / 'cart.py'}:5:12"
    assert main(["context", "explain", where]) == 0
    said = capsys.readouterr().out
    assert "shop/prices.py" in said
    assert "gross_price" in said
    assert "A price with tax" not in said, "no text of files unless asked for"
    assert "hidden" not in said


def test_as_json_it_says_what_it_cost(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = f"{project / 'shop' / 'cart.py'}:5:12"
    assert main(["context", "explain", where, "--json", "--chars=3000", f"--workspace={project}"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["most_chars"] == 3000
    assert 0 < told["chars"] <= 3000
    assert [piece["path"] for piece in told["chosen"]] == ["shop/prices.py"]
    assert told["chosen"][0]["reasons"]
    assert told["index"]["state"] == "ready"


def test_texts_are_printed_when_asked_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", "explain", f"{project / 'shop' / 'cart.py'}:5:12", "--texts"]) == 0
    assert "def gross_price(net: float, rate: float) -> float" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("where", "words"),
    [("nowhere.py:1:1", "nowhere.py"), ("nowhere.py", "is no place"), ("shop/cart.py:1:1", "is not in the workspace")],
)
def test_a_place_that_is_not_there_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str, words: str
) -> None:
    monkeypatch.chdir(project)
    elsewhere = ["--workspace", str(project / ".git")] if words == "is not in the workspace" else []
    assert main(["context", "explain", where, *elsewhere]) == 2
    assert words in capsys.readouterr().err

import os
from pathlib import Path

import pytest

from mellum_ls.context.index.builder import Builder
from mellum_ls.context.index.store import Store, files_of
from mellum_ls.lsp_server.doctor.index import age, checks


@pytest.fixture
def built(tmp_path: Path) -> Path:
    root, path = tmp_path / "root", tmp_path / "cache" / "a.index"
    root.mkdir()
    for number in range(3):
        (root / f"f{number}.py").write_text(f"def area_{number}(scale):\n    return scale * {number}\n")
    store = Store.open(path, str(root))
    Builder(root, store).build()
    store.close()
    return path


def test_there_is_none(tmp_path: Path) -> None:
    (check,) = checks([tmp_path / "no.index"])
    assert check.state == "note"
    assert list(tmp_path.iterdir()) == []


def test_a_real_one_is_described(built: Path) -> None:
    os.utime(built, (1000.0, 1000.0))
    (check,) = checks([built.with_name("b.index"), built], now=lambda: 1000.0 + 2 * 3600)
    assert check.state == "ok"
    assert check.says.startswith("3 files, 3 chunks, 3 symbols; ")
    assert check.says.endswith(" 2 h ago")
    assert str(built) in check.says


def test_one_that_was_never_finished_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "a.index"
    Store.open(path, "root").close()
    (check,) = checks([path])
    assert check.state == "note"
    assert "not whole" in check.says


@pytest.mark.parametrize("damage", [b"", b"no database at all, but long enough to look like one" * 100])
def test_a_damaged_one_is_a_warning(built: Path, damage: bytes) -> None:
    for file in files_of(built)[1:]:
        file.unlink(missing_ok=True)
    built.write_bytes(damage)
    (check,) = checks([built])
    assert check.state == "warning"
    assert check.remedy


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (86_400 * 3.9, "3 d")]
)
def test_a_span_of_time_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert age(seconds) == said

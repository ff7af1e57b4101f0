import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench import unpacking
from mellum_ls.lsp_server.context_bench.unpacking import BadArchive, unpack

FILES = {"package/src/a.py": b"x = 1\n", "package/b.py": b"y = 2\n"}


def make_zip(place: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with zipfile.ZipFile(place, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for name, target in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o120777 << 16
            archive.writestr(entry, target)
    return place


def make_tar(place: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(place, "w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name, target in (links or {}).items():
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = kind, target
                archive.addfile(entry)
        fifo = tarfile.TarInfo("package/fifo")
        fifo.type = tarfile.FIFOTYPE
        archive.addfile(fifo)
    return place


Make = Callable[..., Path]
BOTH = pytest.mark.parametrize("make", [make_zip, make_tar])


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@BOTH
def test_all_files_come_out(tmp_path: Path, make: Make) -> None:
    archive = make(tmp_path / "a.bin", FILES)
    assert unpack(archive, tmp_path / "out") == 2
    assert files_below(tmp_path / "out") == FILES
    assert unpack(archive, tmp_path / "flat", drop_top=True) == 2
    assert set(files_below(tmp_path / "flat")) == {"src/a.py", "b.py"}


@BOTH
@pytest.mark.parametrize("name", ["../evil", "/tmp/evil-absolute", "a/../../evil", "..\\evil", "c:/evil", "a/c:\\evil"])
def test_nothing_leads_out_of_the_folder(tmp_path: Path, make: Make, name: str) -> None:
    unpack(make(tmp_path / "a.bin", {**FILES, name: b"evil"}), tmp_path / "in" / "out")
    assert b"evil" not in files_below(tmp_path / "in").values()
    assert not Path("/tmp/evil-absolute").exists()


@BOTH
def test_links_and_devices_stay_out(tmp_path: Path, make: Make) -> None:
    unpack(make(tmp_path / "a.bin", FILES, {"package/link": "/etc/passwd"}), tmp_path / "out")
    assert files_below(tmp_path / "out") == FILES
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


@BOTH
def test_too_much_leaves_nothing_behind(tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make(tmp_path / "a.bin", FILES)
    monkeypatch.setattr(unpacking, "MOST_FILES", 1)
    with pytest.raises(BadArchive, match="more than 1 files"):
        unpack(archive, tmp_path / "out")
    monkeypatch.setattr(unpacking, "MOST_FILES", 10)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 7)
    with pytest.raises(BadArchive, match="7 bytes"):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@BOTH
def test_a_large_file_stays_out(tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_FILE_BYTES", 6)
    unpack(make(tmp_path / "a.bin", {**FILES, "package/large.py": b"z = 333\n"}), tmp_path / "out")
    assert files_below(tmp_path / "out") == FILES


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 broken", b"\x1f\x8b broken"])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "a.tgz"
    place.write_bytes(data)
    with pytest.raises(BadArchive):
        unpack(place, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tgz"]


def test_an_archive_cut_short_is_refused(tmp_path: Path) -> None:
    whole = make_tar(tmp_path / "a.tgz", {"package/a": bytes(range(256)) * 4000})
    (tmp_path / "cut.tgz").write_bytes(whole.read_bytes()[:-900])
    with pytest.raises(BadArchive):
        unpack(tmp_path / "cut.tgz", tmp_path / "out")
    assert not (tmp_path / "out").exists()

"""From wheels to corpora: licences, splits, filters and resumption."""

import json
import tomllib
import zipfile
from pathlib import Path

import pytest

from mellum_ls.runtime.nano import corpus
from mellum_ls.runtime.nano.corpus import Package, build, lock, read_packages, read_wheel

CODE = "".join(
    f"def task_{i}(first, second):\n    total = first + second * {i}\n    return total\n\n" for i in range(12)
)


def make_wheel(folder: Path, name: str, licence: str, files: dict[str, str]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\nLicense-Expression: {licence}\n"
        )
        for entry, text in files.items():
            archive.writestr(entry, text)
    return path


def read_jsonl(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lock_keeps_permissive_packages_and_names_the_split(tmp_path: Path) -> None:
    make_wheel(tmp_path, "alpha", "MIT", {})
    make_wheel(tmp_path, "beta_tool", "GPL-3.0-only", {})
    make_wheel(tmp_path, "gamma", "Apache-2.0", {})
    listing = tmp_path / "packages.toml"
    listing.write_text(lock(tmp_path, {"gamma"}))
    assert read_packages(listing) == [
        Package("alpha", "1.0", "MIT", "train"),
        Package("gamma", "1.0", "Apache-2.0", "heldout"),
    ]


def test_nothing_was_trained_or_chosen_on_the_fresh_packages() -> None:
    fresh = read_packages(Path(corpus.__file__).with_name("fresh.toml"))
    assert len(fresh) == 12
    assert {package.split for package in fresh} == {"heldout"}
    assert not {package.name for package in fresh} & {package.name for package in read_packages()}


def test_the_opponent_saw_what_the_model_saw() -> None:
    opponent = read_packages(Path(corpus.__file__).with_name("opponent.toml"))
    assert len(opponent) == 19
    assert set(opponent) <= {package for package in read_packages() if package.split == "train"}


def test_build_drops_what_repeats_the_heldout_packages(tmp_path: Path) -> None:
    make_wheel(
        tmp_path,
        "alpha",
        "MIT",
        {"alpha/copied.py": CODE, "alpha/own.py": CODE.replace("task", "job").replace("total", "sum_")},
    )
    make_wheel(
        tmp_path,
        "gamma",
        "MIT",
        {"gamma/core.py": CODE.replace("\n", "\r\n"), "gamma/broken.py": "def (:\n" * 60},
    )
    packages = [Package("alpha", "1.0", "MIT", "train"), Package("gamma", "1.0", "MIT", "heldout")]
    counts = build(packages, tmp_path, tmp_path / "out")
    heldout, train = read_jsonl(tmp_path / "out/heldout.jsonl"), read_jsonl(tmp_path / "out/train.jsonl")
    assert [row["path"] for row in heldout] == ["gamma/core.py"]
    assert heldout[0]["text"] == CODE
    assert [row["path"] for row in train] == ["alpha/own.py"]
    assert counts["train"]["duplicate"] == 1
    assert counts["heldout"]["kept"] == 1
    assert not list((tmp_path / "out").glob("*.partial"))


def test_no_package_dominates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"alpha/{i}.py": CODE.replace("task", f"name{i}").replace("total", f"sum{i}") for i in range(6)}
    make_wheel(tmp_path, "alpha", "MIT", files)
    monkeypatch.setattr(corpus, "PACKAGE_CHARS", 2 * len(CODE) + 500)
    counts = build([Package("alpha", "1.0", "MIT", "train")], tmp_path, tmp_path / "out")
    assert counts["train"]["package cap"] == 4


def test_read_wheel_skips_undecodable_files(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "alpha", "MIT", {"alpha/b.py": "x = 1\n", "alpha/data.txt": "no"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("alpha/a.py", b"name = '\xff'\n")
    assert [file.path for file in read_wheel(path)] == ["alpha/b.py"]


def test_the_shipped_list_is_pinned_permissive_and_split() -> None:
    packages = read_packages()
    assert len({package.name for package in packages}) == len(packages) > 500
    assert {package.split for package in packages} == {"train", "heldout"}
    assert not [p for p in packages if "GPL" in p.licence or not p.version]
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads("package = [")

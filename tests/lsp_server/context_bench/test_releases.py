"""The registries' clients are replaced by programs of their names that hand out an archive made here."""

import json
import os
import stat
from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench import releases
from mellum_ls.lsp_server.context_bench.listing import Pair
from mellum_ls.lsp_server.context_bench.releases import NotFetched, fetch
from tests.lsp_server.context_bench.test_unpacking import make_tar, make_zip

PYPI = Pair("pypi", "shop", "1.0", "1.1")
NPM = Pair("npm", "@a/shop", "1.0", "1.1")


def wheel(place: Path, licence: str) -> Path:
    metadata = f"Metadata-Version: 2.4\nName: shop\nVersion: 1.0\nLicense-Expression: {licence}\n\n"
    return make_zip(place, {"shop/a.py": b"x = 1\n", "shop-1.0.dist-info/METADATA": metadata.encode()})


def packed(place: Path, licence: object) -> Path:
    raw = json.dumps({"name": "@a/shop", "license": licence}).encode()
    return make_tar(place, {"package/package.json": raw, "package/src/a.js": b"let x\n"})


def client(place: Path, archive: Path | None, name: str = "archive.whl") -> Path:
    """A program that copies `archive` into the folder it is run in, or fails without one."""
    action = "echo 'no such version' >&2; exit 1" if archive is None else f"cp '{archive}' './{name}'"
    place.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{place}.asked"\n{action}\n')
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
    return place


def test_a_wheel_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = client(tmp_path / "pip", wheel(tmp_path / "made", "MIT"))
    monkeypatch.setattr(releases.sys, "executable", str(program))
    found = fetch(PYPI, "1.0", tmp_path / "data")
    assert found.licence == "MIT"
    assert (found.tree / "shop/a.py").read_text() == "x = 1\n"
    asked = (tmp_path / "pip.asked").read_text().split("\n")
    assert {"download", "--only-binary=:all:", "--no-deps", "shop==1.0"} <= set(asked)
    program.unlink()
    assert fetch(PYPI, "1.0", tmp_path / "data") == found


def test_an_npm_package_is_fetched_without_its_top_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client(tmp_path / "npm", packed(tmp_path / "made", "Apache-2.0"), "archive.tgz")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = fetch(NPM, "1.1", tmp_path / "data")
    assert (found.licence, (found.tree / "src/a.js").read_text()) == ("Apache-2.0", "let x\n")
    asked = (tmp_path / "npm.asked").read_text().split("\n")
    assert {"pack", "--ignore-scripts", "@a/shop@1.1"} <= set(asked)


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "MIT AND GPL-2.0-only", ""])
def test_a_licence_that_is_not_permissive_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, licence: str
) -> None:
    monkeypatch.setattr(releases.sys, "executable", str(client(tmp_path / "pip", wheel(tmp_path / "made", licence))))
    with pytest.raises(NotFetched, match=r"shop 1\.0 declares no permissive licence"):
        fetch(PYPI, "1.0", tmp_path / "data")


@pytest.mark.parametrize("licence", ["GPL-3.0", "SEE LICENSE IN x", None, {"type": "MIT"}, "UNLICENSED"])
def test_so_is_one_of_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, licence: object) -> None:
    client(tmp_path / "npm", packed(tmp_path / "made", licence), "archive.tgz")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(NotFetched, match="licence"):
        fetch(NPM, "1.1", tmp_path / "data")


def test_what_the_client_says_is_told_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases.sys, "executable", str(client(tmp_path / "pip", None)))
    with pytest.raises(NotFetched, match=r"shop 1\.0 cannot be fetched: no such version"):
        fetch(PYPI, "1.0", tmp_path / "data")
    assert list((tmp_path / "data/releases/pypi").iterdir()) == []


def test_without_npm_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFetched, match="npm, which is not installed"):
        fetch(NPM, "1.0", tmp_path / "data")

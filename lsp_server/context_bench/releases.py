"""Releases of packages as folders: fetched by the registry's own client, checked for their licence, unpacked, kept.

A wheel or a packed npm archive is only read, so no code of a package runs. What is there already is not fetched again.
"""

from __future__ import annotations

import email
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.lsp_server.context_bench.listing import Pair
from mellum_ls.lsp_server.context_bench.unpacking import BadArchive, unpack
from mellum_ls.runtime.errors import MellumError
from mellum_ls.runtime.nano.licences import permissive_licence

FETCH_SECONDS = 300.0
# SPDX names that npm packages declare, besides those that `permissive_licence` reads from wheels.
_NPM_LICENCES = {"MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"}


class NotFetched(MellumError):
    """A release cannot be had, or may not be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release, unpacked."""

    tree: Path
    licence: str


def fetch(pair: Pair, version: str, data: Path) -> Release:
    """The release in a folder under `data`. Raises NotFetched."""
    folder = data / "releases" / pair.registry / f"{pair.name.replace('/', '+')}-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _fetch_into(folder, pair, version)
    licence = _licence_of(pair, folder)
    if licence is None:
        raise NotFetched(f"{pair.name} {version} declares no permissive licence")
    return Release(folder, licence)


def _fetch_into(folder: Path, pair: Pair, version: str) -> None:
    landing = folder.with_name(folder.name + ".archive")
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    if pair.registry == "pypi":
        pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-deps", "--only-binary=:all:", "-d", str(landing), f"{pair.name}=={version}"]
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise NotFetched(f"{pair.name} comes from npm, which is not installed")
        command = [npm, "pack", "--silent", "--ignore-scripts", f"--pack-destination={landing}"]
        command.append(f"{pair.name}@{version}")
    try:
        done = subprocess.run(command, cwd=landing, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
        archives = [path for path in landing.iterdir() if path.suffix in (".whl", ".tgz")]
        if done.returncode or len(archives) != 1:
            last = (done.stderr.strip() or done.stdout.strip() or "no archive came").splitlines()[-1]
            raise NotFetched(f"{pair.name} {version} cannot be fetched: {last}")
        unpack(archives[0], folder, drop_top=pair.registry == "npm")
    except (subprocess.TimeoutExpired, OSError, BadArchive) as error:
        raise NotFetched(f"{pair.name} {version} cannot be fetched: {error}") from error
    finally:
        shutil.rmtree(landing, ignore_errors=True)


def _licence_of(pair: Pair, tree: Path) -> str | None:
    """What the release declares, if it is permissive."""
    try:
        if pair.registry == "pypi":
            (metadata,) = tree.glob("*.dist-info/METADATA")
            return permissive_licence(email.message_from_bytes(metadata.read_bytes()))
        declared = json.loads((tree / "package.json").read_bytes()).get("license")
    except (OSError, ValueError, AttributeError):
        return None
    return declared if isinstance(declared, str) and declared in _NPM_LICENCES else None

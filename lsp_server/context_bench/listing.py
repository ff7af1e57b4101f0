"""The list of packages whose two releases are compared. Reads the list; fetches nothing."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from mellum_ls.runtime.errors import SettingError

Registry = Literal["pypi", "npm"]
# What both registries accept as names and versions, and nothing that a command line could take for an option.
_NAME = re.compile(r"(?:@[a-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
_VERSION = re.compile(r"[0-9][\w.+-]*")


@dataclass(frozen=True, slots=True)
class Pair:
    """One package in two releases."""

    registry: Registry
    name: str
    old: str
    new: str
    paths: tuple[str, ...] = ()
    """Files and folders that count, relative to the package; empty for all of it."""


def read_pairs(listing: Path | None = None) -> tuple[Pair, ...]:
    """The packages of a list, the shipped one by default. SettingError names the list and what is wrong with it."""
    place = str(listing or "packages.toml")
    try:
        text = (listing or files(__package__) / "packages.toml").read_text(encoding="utf-8")
        entries = tomllib.loads(text).get("package", [])
    except (OSError, ValueError) as error:
        raise SettingError(f"{place} is no list of packages: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise SettingError(f"{place} is no list of packages: wanted package = [{{ registry, name, old, new }}, ...]")
    return tuple(_pair(entry, place) for entry in entries)


def _pair(entry: Any, place: str) -> Pair:
    if not isinstance(entry, dict):
        raise SettingError(f"{place}: a package is a table, found {entry!r}")
    name = entry.get("name")
    if entry.get("registry") not in ("pypi", "npm"):
        raise SettingError(f"{place}: {name!r} has registry {entry.get('registry')!r}; pypi and npm are known")
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise SettingError(f"{place}: {name!r} is no name of a package")
    old, new = (str(entry.get(which, "")) for which in ("old", "new"))
    if not (_VERSION.fullmatch(old) and _VERSION.fullmatch(new)):
        raise SettingError(f"{place}: {name} needs two versions, old and new, found {old!r} and {new!r}")
    paths = entry.get("paths", [])
    if not (isinstance(paths, list) and all(isinstance(path, str) and path for path in paths)):
        raise SettingError(f"{place}: paths of {name} should be a list of names")
    return Pair(entry["registry"], name, old, new, tuple(path.strip("/") for path in paths))

"""Builds the training and held-out corpora of mellum2-nano from named, pinned, permissively licensed packages.

`fetch` downloads the wheels listed in packages.toml, `build` filters and deduplicates their Python files, `lock` writes
packages.toml from a folder of wheels. Each step may be killed and run again. Knows nothing of tokens or models.
"""

from __future__ import annotations

import argparse
import email
import json
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from mellum_ls.runtime.nano.filters import NearDuplicates, reason_to_skip
from mellum_ls.runtime.nano.licences import permissive_licence

# No single package may dominate: beyond this many characters its further files are left out.
PACKAGE_CHARS = 4_000_000
Split = Literal["train", "heldout"]


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned distribution, its declared licence and the side of the split that it stands on."""

    name: str
    version: str
    licence: str
    split: Split


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Python file: text with \\n line ends, path relative to the package's root."""

    package: str
    version: str
    path: str
    text: str


def read_packages(listing: Path | None = None) -> list[Package]:
    """Read packages.toml (the shipped one by default)."""
    raw = listing.read_text() if listing else (files("mellum_ls.runtime.nano") / "packages.toml").read_text()
    return [Package(**entry) for entry in tomllib.loads(raw)["package"]]


def fetch(packages: Iterable[Package], wheels: Path) -> None:
    """Download each missing wheel into `wheels`; a package that cannot be had is an error naming it."""
    wheels.mkdir(parents=True, exist_ok=True)
    present = {_wheel_key(path) for path in wheels.glob("*.whl")}
    missing = [p for p in packages if (_normalised(p.name), p.version) not in present]
    for done, package in enumerate(missing):
        print(f"[{done + 1}/{len(missing)}] {package.name} {package.version}", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "-d", str(wheels), f"{package.name}=={package.version}"], check=True)


def read_wheel(wheel: Path) -> Iterator[SourceFile]:
    """Yield the Python files of a wheel in path order, decoded as UTF-8 with \\n line ends."""
    name, version = _wheel_key(wheel)
    with zipfile.ZipFile(wheel) as archive:
        for entry in sorted(archive.namelist()):
            if entry.endswith(".py"):
                text = archive.read(entry).decode("utf-8", "replace")
                if "\ufffd" not in text:
                    yield SourceFile(name, version, entry, text.replace("\r\n", "\n").replace("\r", "\n"))


def build(packages: list[Package], wheels: Path, out: Path) -> dict[str, Counter[str]]:
    """Write train.jsonl and heldout.jsonl under `out`; return per split why files were left out and how many stayed.

    Held-out packages go first, so that training files which repeat them (vendored copies) are the ones dropped.
    """
    out.mkdir(parents=True, exist_ok=True)
    by_key = {_wheel_key(path): path for path in wheels.glob("*.whl")}
    duplicates = NearDuplicates()
    counts: dict[str, Counter[str]] = {}
    for split in ("heldout", "train"):
        counts[split] = Counter()
        partial = out / f"{split}.jsonl.partial"
        with partial.open("w") as sink:
            for package in (p for p in packages if p.split == split):
                wheel = by_key[(_normalised(package.name), package.version)]
                for file in _kept(wheel, duplicates, counts[split]):
                    sink.write(json.dumps(asdict(file)) + "\n")
        partial.replace(out / f"{split}.jsonl")
    return counts


def _kept(wheel: Path, duplicates: NearDuplicates, counts: Counter[str]) -> Iterator[SourceFile]:
    chars = 0
    # Short paths first: where the cap cuts, a package's core stays and its far corners go.
    for file in sorted(read_wheel(wheel), key=lambda f: (f.path.count("/"), f.path)):
        over = chars + len(file.text) > PACKAGE_CHARS
        reason = "package cap" if over else reason_to_skip(file.path, file.text)
        if reason is None and duplicates.seen(file.text):
            reason = "duplicate"
        counts[reason or "kept"] += 1
        if reason is None:
            chars += len(file.text)
            counts["kept characters"] += len(file.text)
            yield file


def lock(wheels: Path, heldout: set[str]) -> str:
    """Render packages.toml for the permissively licensed wheels of a folder."""
    entries = []
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            metadata = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
            message = email.message_from_bytes(archive.read(metadata[0]))
        licence = permissive_licence(message)
        name, version = _wheel_key(wheel)
        if licence is not None:
            split = "heldout" if name in heldout else "train"
            fields = {"name": name, "version": version, "licence": licence, "split": split}
            entries.append(", ".join(f"{key} = {json.dumps(value)}" for key, value in fields.items()))
    rows = "".join(f"    {{ {entry} }},\n" for entry in entries)
    return f"# What mellum2-nano was trained and measured on; written by `corpus lock`.\npackage = [\n{rows}]\n"


def _wheel_key(wheel: Path) -> tuple[str, str]:
    name, version = wheel.name.split("-")[:2]
    return _normalised(name), version


def _normalised(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def main(arguments: list[str] | None = None) -> None:
    """Command line: corpus fetch | build | lock."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.nano.corpus", description=__doc__)
    parser.add_argument("step", choices=["fetch", "build", "lock"])
    parser.add_argument("--wheels", type=Path, default=Path("build/nano/wheels"))
    parser.add_argument("--out", type=Path, default=Path("build/nano/corpus"))
    parser.add_argument("--packages", type=Path, help="another packages.toml")
    parser.add_argument("--heldout", default="", help="for lock: comma-separated names of held-out packages")
    options = parser.parse_args(arguments)
    if options.step == "lock":
        print(lock(options.wheels, set(options.heldout.split(","))), end="")
        return
    packages = read_packages(options.packages)
    if options.step == "fetch":
        fetch(packages, options.wheels)
        return
    for split, counts in build(packages, options.wheels, options.out).items():
        print(split, dict(counts.most_common()))


if __name__ == "__main__":
    main()

"""Cases: a cursor in a half-made change of a real package, the line that came there, and where its name is defined.

The same seed, packages and count give the same cases. Written one JSON object a line.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.lsp_server.context_bench.changes import Added, added_lines
from mellum_ls.lsp_server.context_bench.listing import Pair
from mellum_ls.lsp_server.context_bench.sources import Place, Sources
from mellum_ls.lsp_server.context_bench.targets import Kind, Reader, Target

MOST_PER_FILE = 6
"""Cases of one kind: a long new file would outweigh the others."""
LEAST_TARGET_CHARS, MOST_TARGET_CHARS = 6, 200
OPEN_FILES = 20


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition in the old tree. Lines count from 0, the end is part of it."""

    path: str
    name: str
    container: str
    start_line: int
    end_line: int
    signature: str
    head: str
    """The line of its name as it stands in the file, without indentation."""


@dataclass(frozen=True, slots=True)
class Case:
    """One cursor."""

    key: str
    """Names the case among all."""
    package: str
    language: str
    path: str
    kind: Kind
    prefix: str
    target: str
    suffix: str
    name: str
    """The identifier that is looked for; empty unless `kind` is inproject."""
    definitions: tuple[Defined, ...]
    open_files: tuple[str, ...]
    """Files of the old tree that the same change touches, the nearest last."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a case could be made: all of it but the texts, which would fill the memory."""

    package: str
    language: str
    path: str
    added: Added
    target: Target
    open_files: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names the case among all."""
        return f"{self.package}:{self.path}:{self.added.line}"

    def case(self, old: Sources) -> Case:
        """The case itself; `old` are the files before the change."""
        return Case(
            key=self.key,
            package=self.package,
            language=self.language,
            path=self.path,
            kind=self.target.kind,
            prefix=self.added.prefix,
            target=self.added.target,
            suffix=self.added.suffix,
            name=self.target.name,
            definitions=tuple(_defined(place, old.files[place.path].text) for place in self.target.places),
            open_files=self.open_files,
        )


def find_spots(pair: Pair, old: Sources, new: Sources) -> Iterator[Spot]:
    """All spots between two releases, in the order of files and lines."""
    changed = [path for path, source in new.files.items() if _text(old, path) != source.text]
    names = FileNames({**old.files, **new.files})
    for path in changed:
        source = new.files[path]
        reader = Reader(source, old, new, names)
        others = tuple(_nearest_last(path, [other for other in changed if other != path and other in old.files]))
        for added in added_lines(_text(old, path), source.text):
            if LEAST_TARGET_CHARS <= len(added.target) <= MOST_TARGET_CHARS:
                yield Spot(pair.name, source.grammar.name, path, added, reader.target(added.line), others)


def _defined(place: Place, text: str) -> Defined:
    symbol = place.symbol
    lines = text.split("\n")
    head = lines[symbol.name_line].strip() if symbol.name_line < len(lines) else ""
    return Defined(
        place.path, symbol.name, symbol.container, symbol.start_line, symbol.end_line, symbol.signature, head
    )


def choose(spots: Iterable[Spot], count: int, seed: int = 0, kind: Kind = "inproject") -> list[Spot]:
    """`count` spots of a kind in a shuffled order in which packages take turns: any head of it is a fair sample."""
    waiting: dict[str, list[Spot]] = defaultdict(list)
    per_file: Counter[tuple[str, str]] = Counter()
    for spot in sorted((spot for spot in spots if spot.target.kind == kind), key=lambda spot: _order(seed, spot.key)):
        place = spot.package, spot.path
        per_file[place] += 1
        if per_file[place] <= MOST_PER_FILE:
            waiting[spot.package].append(spot)
    chosen: list[Spot] = []
    queues = [waiting[name] for name in sorted(waiting, key=lambda name: _order(seed, name))]
    for turn in range(max(map(len, queues), default=0)):
        chosen += [queue[turn] for queue in queues if turn < len(queue)]
    return chosen[:count]


def write_cases(cases: Iterable[Case], path: Path) -> None:
    """Write them, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as sink:
        for case in cases:
            sink.write(json.dumps(asdict(case)) + "\n")
    partial.replace(path)


def _text(sources: Sources, path: str) -> str:
    source = sources.files.get(path)
    return "" if source is None else source.text


def _nearest_last(path: str, others: Sequence[str]) -> list[str]:
    """At most OPEN_FILES, those in folders nearest to the file's last; an editor has few documents open."""
    here = PurePosixPath(path).parts[:-1]

    def distance(other: str) -> tuple[int, str]:
        there = PurePosixPath(other).parts[:-1]
        shared = next(
            (i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there))
        )
        return len(here) + len(there) - 2 * shared, other

    return sorted(others, key=distance)[:OPEN_FILES][::-1]


def _order(seed: int, key: str) -> int:
    """A number that depends on the seed and the key alone: sorting by it shuffles the same way everywhere."""
    return int.from_bytes(hashlib.blake2b(f"{seed}\0{key}".encode(), digest_size=8).digest())

"""Reads a corpus file (one JSON object a line: package, version, path, text) and takes fair samples of it.

Decides which files stand for a package; knows nothing of holes, models or scores.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.nano.corpus import SourceFile

Item = TypeVar("Item")


def read_corpus(path: Path) -> Iterator[SourceFile]:
    """Yield the files of a corpus in its own order; raises SettingError naming file and line."""
    if not path.is_file():
        raise SettingError(f"no corpus at {path}: make it with `python -m mellum_ls.runtime.nano.corpus`")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                yield SourceFile(str(row["package"]), str(row["version"]), str(row["path"]), str(row["text"]))
            except (ValueError, KeyError, TypeError) as error:
                raise SettingError(f"{path}, line {number}: not a corpus entry ({error!r})") from error


def order(seed: int, *key: str) -> int:
    """A number that depends on the seed and the key alone: sorting by it shuffles the same way everywhere."""
    return int.from_bytes(hashlib.blake2b("\0".join((str(seed), *key)).encode(), digest_size=8).digest())


def shuffled(files: Iterable[SourceFile], seed: int) -> list[SourceFile]:
    """Files in a fixed shuffled order in which packages take turns: any head of it is a fair sample."""
    by_package: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        by_package[file.package].append(file)
    for package in by_package.values():
        package.sort(key=lambda file: order(seed, file.package, file.path))
    turns = [(turn, file) for package in by_package.values() for turn, file in enumerate(package)]
    turns.sort(key=lambda entry: (entry[0], order(seed, entry[1].package)))
    return [file for _, file in turns]


def take_turns(queues: Sequence[Sequence[Item]], count: int) -> list[Item]:
    """The first `count` items over the queues: all first items, then all second ones, and so on."""
    deepest = max(map(len, queues), default=0)
    return [queue[i] for i in range(deepest) for queue in queues if i < len(queue)][:count]

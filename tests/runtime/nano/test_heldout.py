"""Reading a corpus and taking fair samples."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.heldout import read_corpus, shuffled, take_turns


def files(**counts: int) -> list[SourceFile]:
    names = [(package, i) for package, count in counts.items() for i in range(count)]
    return [SourceFile(package, "1", f"{package}/{i}.py", "x = 1\n") for package, i in names]


def test_a_corpus_is_read_back_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "heldout.jsonl"
    row = {"package": "a", "version": "1.0", "path": "a/ü.py", "text": "x = '\u2028'\n"}
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "path": "a/b.py"}) + "\n", encoding="utf-8")
    assert list(read_corpus(path)) == [SourceFile(**row), SourceFile(**{**row, "path": "a/b.py"})]


@pytest.mark.parametrize("line", ["{", "[]", '{"package": "a"}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "heldout.jsonl"
    path.write_text('{"package": "a", "version": "1", "path": "p", "text": ""}\n' + line + "\n")
    with pytest.raises(SettingError, match="line 2"):
        list(read_corpus(path))
    with pytest.raises(SettingError, match="no corpus at"):
        list(read_corpus(tmp_path / "none.jsonl"))


def test_packages_take_turns_whatever_their_size() -> None:
    order = shuffled(files(big=50, small=2, middle=10), seed=1)
    assert Counter(file.package for file in order[:6]) == {"big": 2, "small": 2, "middle": 2}
    assert len(set(order)) == 62


def test_the_order_depends_on_the_seed_and_not_on_the_input() -> None:
    given = files(a=9, b=9)
    assert shuffled(given, seed=1) == shuffled(given[::-1], seed=1) != shuffled(given, seed=2)


def test_turns_go_over_the_queues() -> None:
    assert take_turns([[1, 4, 6], [2], [], [3, 5]], 10) == [1, 2, 3, 4, 5, 6]
    assert take_turns([[1, 4], [2]], 2) == [1, 2]
    assert take_turns([], 3) == []

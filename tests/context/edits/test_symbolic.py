"""What is proposed is what the change asks for: on generated cases with traps, and on recordings of real editing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mellum_ls.context.edits.symbolic import propose
from mellum_ls.context.edits.types import Proposal
from tests.context.edits.cases import Case, cases
from tests.context.edits.indexed import indexed

SEEDS = 3
CASES = list(cases(SEEDS))


def proposals(case: Case, folder: Path) -> list[Proposal]:
    with indexed(folder, case.before) as index:
        text = case.after[case.path]
        opened = {case.path: text}
        return propose(case.log(), case.path, text, case.line, case.column, opened, index, case.before.get)


def test_what_comes_first_is_right_and_nearly_all_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    wrong, missed = [], []
    for number, case in enumerate(CASES):
        found = proposals(case, tmp_path / str(number))
        met: set[tuple[str, int]] = set()
        for at, one in enumerate(found):
            assert not case.reverts(one), case.name
            places = case.meets(one)
            counts["shown"] += 1
            counts["right"] += bool(places)
            met |= places
            if at == 0:
                counts["first"] += 1
                counts["first right"] += bool(places)
            if not places:
                wrong.append((case.name, at, one))
        counts["wanted"] += case.count
        counts["met"] += len(met)
        counts["asking"] += bool(case.count)
        counts["answered"] += bool(case.count and found and case.meets(found[0]))
        if len(met) < case.count:
            missed.append((case.name, len(met), case.count))
    with capsys.disabled():
        first, shown = counts["first right"] / counts["first"], counts["right"] / counts["shown"]
        found_of, answered = counts["met"] / counts["wanted"], counts["answered"] / counts["asking"]
        print(
            f"\n{len(CASES)} cases: first {first:.3f}, all {shown:.3f} right; {found_of:.3f} of what is wanted is found,"
        )
        print(f"{answered:.3f} of the cases that ask for something begin with it")
    for line in (*wrong[:20], *missed[:40]):
        print(line)
    assert len(CASES) >= 200
    assert first >= 0.95
    assert shown >= 0.95
    assert found_of >= 0.9
    assert answered >= 0.9

"""What is proposed is what the change asks for: on generated cases with traps, and on recordings of real editing."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.symbolic import propose
from mellum_ls.context.edits.types import Proposal
from mellum_ls.context.index.rows import Index
from tests.context.edits.cases import Case, apply, cases
from tests.context.edits.indexed import indexed
from tests.context.edits.recordings import recordings

CASES = list(cases(seeds=3))
TEXT = "def area(side):\n    return side * side\n\n\ndef double(side):\n    return 2 * area(side)\n"


def proposals(case: Case, folder: Path) -> list[Proposal]:
    text = case.after[case.path]

    def ask(index: Index | None) -> list[Proposal]:
        return propose(case.log(), case.path, text, case.line, case.column, {case.path: text}, index, case.before.get)

    if len(case.before) == 1:
        return ask(None)
    with indexed(folder, case.before) as index:
        return ask(index)


def once(before: str, after: str, path: str = "a.py", **more: str) -> list[Proposal]:
    log = EditLog()
    log.note(path, before, after, 1.0)
    return propose(log, path, after, 0, 0, {path: after, **more}, None, lambda _: None)


def test_what_comes_first_is_right_and_nearly_all_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    trouble = []
    for number, case in enumerate(CASES):
        found = proposals(case, tmp_path / str(number))
        assert not any(case.reverts(one) for one in found), case.name
        met = [case.meets(one) for one in found]
        counts["cases"] += 1
        counts["begun"] += bool(found)
        counts["begun right"] += bool(met and met[0])
        counts["shown"] += len(found)
        counts["right"] += sum(map(bool, met))
        counts["wanted"] += case.count
        counts["found"] += len(frozenset().union(*met))
        counts["asking"] += bool(case.count)
        counts["silent as they should be"] += not case.count and not found
        if not all(met) or len(frozenset().union(*met)) < case.count:
            trouble.append((case.name, found))
    with capsys.disabled():
        sys.stdout.write("\n" + ", ".join(f"{count} {name}" for name, count in counts.items()) + "\n")
    assert counts["cases"] >= 200
    assert counts["begun right"] >= 0.95 * counts["begun"], trouble[:10]
    assert counts["right"] >= 0.95 * counts["shown"], trouble[:10]
    assert counts["found"] >= 0.95 * counts["wanted"], trouble[:10]


@pytest.mark.skipif(not recordings(), reason="the recordings are not here")
def test_of_what_people_have_judged_nothing_bad_comes_first() -> None:
    judged = Counter[str]()
    for one in recordings():
        text = one.texts[one.path]
        clean = {path: other.replace("\r\n", "\n") for path, other in one.texts.items()}
        line = text[: one.offset].count("\n")
        found = propose(one.log, one.path, clean[one.path], line, 0, clean, None, lambda _: None)
        if not found:
            judged["none"] += 1
            continue
        result = apply(clean[found[0].path], found[0])
        if "\r\n" in text:
            result = result.replace("\n", "\r\n")
        judged[one.judgement(found[0].path, result) or "unjudged"] += 1
    assert judged["bad"] == 0
    assert judged["nextEdit"] >= 2, judged


def test_the_nearest_comes_first_and_the_cursor_decides() -> None:
    text = "def area(side):\n    return side\n" + "\n" * 30 + "area(1)\n" + "\n" * 30 + "area(2)\n"
    log = EditLog()
    log.note("a.py", text, after := text.replace("def area", "def surface"), 1.0)
    for line, first in ((0, 32), (62, 63), (70, 63), (33, 32)):
        found = propose(log, "a.py", after, line, 0, {}, None, lambda _: None)
        assert found[0].span.start_line == first
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_open_documents_count_before_what_is_on_disk() -> None:
    log = EditLog()
    before = "def area(side):\n    return side\n"
    log.note("shapes.py", before, after := before.replace("area", "surface"), 1.0)
    opened = {"shapes.py": after, "main.py": "from shapes import area\n\nprint(area(2))\n"}
    found = propose(log, "shapes.py", after, 0, 0, opened, None, lambda _: pytest.fail("nothing is to be read"))
    assert [(one.path, one.span.start_line, one.old, one.new) for one in found] == [
        ("main.py", 0, "area", "surface"),
        ("main.py", 2, "area", "surface"),
    ]


def test_what_the_user_takes_back_is_not_proposed() -> None:
    log = EditLog()
    once_more = TEXT.replace("def area", "def surface")
    log.note("a.py", TEXT, once_more, 1.0)
    log.note("a.py", once_more, TEXT, 9.0)
    assert propose(log, "a.py", TEXT, 0, 0, {}, None, lambda _: None) == []
    # The use is renamed, and turned back by hand into what it was.
    log = EditLog()
    both = once_more.replace("2 * area", "2 * surface")
    log.note("a.py", TEXT, once_more, 1.0)
    log.note("a.py", once_more, both, 60.0)
    log.note("a.py", both, odd := both.replace("2 * surface", "3 * area"), 120.0)
    assert propose(log, "a.py", odd, 5, 0, {}, None, lambda _: None) == []


def test_junk_is_no_reason_to_raise() -> None:
    for path in ("a.py", "a.ts", "a.java", "a.go", "a.cpp", "a.unknown", "noending", "a.md"):
        for before, after in (
            ("", "def f(:\n"),
            ("\x00\ud800", "\x00\ud801 f(((("),
            ("def f(a):\n", "def f(a, b"),
            ("x" * 5000, "y" * 5000),
            ("function f(a) {", "function g(a, "),
            ("class é {}", "class ü {}"),
        ):
            log = EditLog()
            log.note(path, before, after, 1.0)
            propose(log, path, after, 99, 99, {}, None, lambda _: None)
            propose(log, path, "something else", 0, 0, {"b" + path: after}, None, lambda _, text=before: text)  # type: ignore[misc]


def test_columns_are_characters() -> None:
    before = "def area(side):\n    return side\n\nprint('é😀', area(2), 'ü', area(3))\n"
    (found,) = once(before, before.replace("def area", "def surface"))
    assert (found.span.start_column, found.old) == (12, "area(2), 'ü', area")
    assert found.new == "surface(2), 'ü', surface"


def test_the_cases_have_every_kind_of_change_in_every_language() -> None:
    kinds = ("rename", "added parameter", "changed", "removed parameter", "reordered parameters", "moved")
    for language in ("python", "typescript", "java", "go"):
        names = {case.name.partition(": ")[2] for case in CASES if case.language == language and case.count}
        assert all(any(name.startswith(kind) for name in names) for kind in kinds), language
    overrides = [case for case in CASES if "overrid" in case.name or "implemented" in case.name]
    assert {case.language for case in overrides} == {"python", "typescript", "java"}

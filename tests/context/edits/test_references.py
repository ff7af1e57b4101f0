"""Where a definition is used; the generated cases of test_symbolic.py hold the rest."""

from __future__ import annotations

from pathlib import Path

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.references import Subject, uses_at_home, uses_elsewhere
from mellum_ls.context.index.rows import Index
from tests.context.edits.indexed import indexed


def subject(path: str, text: str, name: str, index: Index | None = None) -> tuple[Subject, Desk]:
    source = Source.of(path, text)
    assert source is not None
    definition = next(one for one in source.occurrences(name) if one.role == "bind")
    return Subject(source, name, source.meaning(definition), definition), Desk([], {path: text}, index, lambda _: None)


def test_a_member_of_an_unknown_receiver_counts_where_its_name_says_enough(tmp_path: Path) -> None:
    text = "class A:\n    def {0}(self): ...\ndef f(a): a.{0}()\n"
    with indexed(tmp_path, {"b.py": "class B:\n    def other_area(self): ...\n"}) as index:
        for name, places in (("compute_area", 2), ("area", 1), ("read_text", 1), ("areas_", 1), ("other_area", 1)):
            one, desk = subject("a.py", text.format(name), name, index)
            assert len(uses_at_home(one, desk)) == places, name
        again = text.format("compute_area") + "class B:\n    def compute_area(self): ...\n"
        two, desk = subject("a.py", again, "compute_area", index)
        assert len(uses_at_home(two, desk)) == 1
    alone, desk = subject("a.py", text.format("compute_area"), "compute_area")
    assert len(uses_at_home(alone, desk)) == 1


def test_what_is_local_is_not_looked_for_elsewhere() -> None:
    one, _ = subject("a.py", "def f():\n    x = 1\n    return x\n", "x")
    desk = Desk([], {"a.py": "", "b.py": "from a import x\nx\n"}, None, lambda _: None)
    assert list(uses_elsewhere(one, desk)) == []
    top, _ = subject("a.py", "x = 1\n", "x")
    ((other, places),) = uses_elsewhere(top, desk)
    assert (other.path, [place.line for place in places]) == ("b.py", [0, 1])


def test_an_import_is_no_definition_for_others() -> None:
    one, _ = subject("a.py", "from c import x\nx\n", "x")
    assert not one.is_top
    assert one.owner == ""

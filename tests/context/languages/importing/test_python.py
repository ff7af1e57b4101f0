import ast

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.imports import read, written

TEXT = '''"""import in.a.docstring"""
from __future__ import annotations
import os, a.b.c as d
from . import x
from ..m.n import (
    y as z,  # why
    w,
)
from q import *
try:
    import fast
except ImportError:
    if TYPE_CHECKING:
        from .t import T
def f():
    from .late import g; import late.h
    return "import nothing"
'''


def test_each_form_wherever_it_stands() -> None:
    assert written("python", TEXT) == [
        "2: os as os",
        "2: a.b.c as d",
        "3: . {x}",
        "4: ..m.n {y as z, w}",
        "8: q {*}",
        "10: fast as fast",
        "13: .t {T}",
        "15: .late {g}",
        "15: late.h as late.h",
    ]


def test_a_name_over_several_lines_is_one_name() -> None:
    assert written("python", "import a . \\\n  b\nfrom . . \\\n c import d\n") == ["0: a.b as a.b", "2: ..c {d}"]


def test_what_is_being_written_hides_no_other() -> None:
    text = "import a\nfrom .b import \nx = 1\nfrom c import d\n"
    assert [one.module for one in read("python", text)] == ["a", ".b", "c"]
    assert written("python", "from\nimport\n") == []


names = st.sampled_from(["a", "b_c", "pkg", "Ö", "_x1"])
dotted = st.lists(names, min_size=1, max_size=3).map(".".join)
aliased = st.tuples(names, st.none() | names)


@given(st.integers(0, 3), dotted, st.lists(aliased, min_size=1, max_size=4))
def test_it_reads_what_python_itself_reads(dots: int, module: str, taken: list[tuple[str, str | None]]) -> None:
    inside = ", ".join(name if alias is None else f"{name} as {alias}" for name, alias in taken)
    text = f"from {'.' * dots}{module} import ({inside})\n"
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.ImportFrom)
    (one,) = read("python", text)
    assert one.module == "." * statement.level + (statement.module or "")
    assert one.names == tuple(alias.name for alias in statement.names)
    assert one.aliases == tuple(alias.asname or alias.name for alias in statement.names)

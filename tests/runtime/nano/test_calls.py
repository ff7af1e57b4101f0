"""Which calls count as calls across files."""

import pytest

from mellum_ls.runtime.nano.calls import find_calls
from mellum_ls.runtime.nano.corpus import SourceFile

SHAPES = '''LIMIT = 3


@cached
def area(width, height):
    """Width times height."""
    return width * height


class Circle:
    def __init__(self, radius):
        self.radius = radius
'''


def package(caller: str, **others: str) -> list[SourceFile]:
    texts = {"pkg/user.py": caller, "pkg/shapes.py": SHAPES, **{f"pkg/{k}.py": v for k, v in others.items()}}
    return [SourceFile("pkg", "1", path, text) for path, text in texts.items()]


@pytest.mark.parametrize(
    ("caller", "found"),
    [
        ("from .shapes import area\n\nx = 1 + area(3, 4) * 2\n", ["area"]),
        ("from pkg.shapes import Circle\nprint(Circle(5).radius)\n", ["Circle"]),
        ("from . import shapes\n\ny = shapes.area(width, 9)\n", ["area"]),
        ("from pkg import shapes\ny = shapes.Circle(20)\ny = shapes.area(1, 2)\n", ["Circle", "area"]),
        ("from .shapes import area as surface\nsurface(3, 4)\n", []),
        ("from other.shapes import area\narea(3, 4)\n", []),
        ("from .shapes import area\ndef area(a, b): return a\narea(3, 4)\n", []),
        ("from .shapes import area\narea()\n", []),
        ("from .shapes import area\narea(\n    3, 4)\n", []),
        ("from . import things\nthings.area(3, 4)\n", []),
        ("import area\nself.area(3, 4)\n", []),
    ],
)
def test_only_calls_that_the_imports_lead_to_another_file(caller: str, found: list[str]) -> None:
    assert sorted(call.name for call in find_calls(package(caller), 10, 1)) == sorted(found)


def test_a_call_knows_its_places_and_its_definition() -> None:
    (call,) = find_calls(package("from .shapes import area\n\nx = 1 + area(3, 4) * 2\n"), 10, 1)
    text = call.file.text
    assert text[call.start : call.end] == "area(3, 4) * 2"
    assert text[call.arguments : call.end] == "3, 4) * 2"
    assert call.definition.path == "pkg/shapes.py"
    assert call.definition.text == SHAPES[SHAPES.index("def area") : SHAPES.index("\n\n\nclass")]


def test_names_defined_twice_are_ambiguous() -> None:
    files = package("from .shapes import area\narea(3, 4)\n", other="def area(x): return x\n")
    assert find_calls(files, 10, 1) == []


def test_one_file_and_one_name_do_not_dominate() -> None:
    calls = "".join(f"area({i}, {i})\n" for i in range(9)) + "".join(f"Circle({i}.5)\n" for i in range(9))
    found = find_calls(package("from .shapes import area, Circle\n" + calls), 10, 1)
    assert sorted(call.name for call in found) in (["Circle", "Circle", "area"], ["Circle", "area", "area"])

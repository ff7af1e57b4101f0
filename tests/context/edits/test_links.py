"""Which imports mean a file, and what they call what it has."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.links import links
from mellum_ls.context.edits.occurrences import Source


@pytest.mark.parametrize(
    ("path", "text", "target", "names", "modules"),
    [
        ("main.py", "from pkg.shapes import area as a, b", "src/pkg/shapes.py", {"area": "a", "b": "b"}, set()),
        ("main.py", "import pkg.shapes as s", "pkg/shapes.py", {}, {"s", "pkg.shapes"}),
        ("main.py", "from pkg import shapes", "pkg/shapes.py", {}, {"shapes"}),
        ("pkg/a.py", "from .shapes import area", "pkg/shapes.py", {"area": "area"}, set()),
        ("pkg/in/a.py", "from ..shapes import area", "pkg/shapes.py", {"area": "area"}, set()),
        ("pkg/a.py", "from . import shapes", "pkg/shapes.py", {}, {"shapes"}),
        ("a.py", "from pkg import area", "pkg/__init__.py", {"area": "area"}, set()),
        ("pkg/a.py", "from .shapes import area", "other/shapes.py", None, None),
        ("a.py", "from myshapes import area", "shapes.py", None, None),
        ("src/a.ts", "import { area as a } from './shapes'", "src/shapes.ts", {"area": "a"}, set()),
        ("src/in/a.ts", "import * as s from '../shapes.js'", "src/shapes.ts", {}, {"s", "../shapes.js"}),
        ("src/a.ts", "import { area } from './shapes'", "src/shapes/index.ts", {"area": "area"}, set()),
        ("src/a.ts", "import { area } from '@/shapes'", "src/shapes.ts", {"area": "area"}, set()),
        ("src/a.ts", "import { area } from 'shapes'", "src/shapes.ts", None, None),
        ("w/A.java", "import a.b.C;", "src/a/b/C.java", {"C": "C"}, set()),
        ("w/A.java", "import static a.b.C.f;", "src/a/b/C.java", {"f": "f"}, set()),
        ("w/A.java", "import other.C;", "src/a/b/C.java", None, None),
        ("m/a.go", 'package m\nimport x "h.com/m/pkg/shapes"', "pkg/shapes/a.go", {}, {"x"}),
        ("m/a.go", 'package m\nimport "h.com/other/shapes"', "pkg/shapes/a.go", None, None),
    ],
)
def test_links(path: str, text: str, target: str, names: dict[str, str] | None, modules: set[str] | None) -> None:
    source = Source.of(path, text + "\n")
    assert source is not None
    found = links(source, target, None)
    assert bool(found) is (names is not None)
    if names is not None:
        assert (found.names, found.modules) == (names, modules)


def test_all_names_are_seen_in_a_package_or_by_a_wildcard() -> None:
    for path, text, target in (
        ("a/A.java", "class A {}", "a/B.java"),
        ("w/A.java", "import a.*;", "src/a/B.java"),
        ("p/a.go", "package p", "p/b.go"),
        ("a.py", "from shapes import *\n", "shapes.py"),
    ):
        source = Source.of(path, text)
        assert source is not None
        assert links(source, target, None).everything

"""The import line that a new name needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mellum_ls.context.edits.import_lines import import_lines
from tests.context.edits.asked import edited, made
from tests.context.edits.indexed import indexed

FILES = {
    "pkg/__init__.py": "",
    "pkg/shapes.py": "def area_of(side): ...\n\n\nclass Circle:\n    def radius_of(self): ...\n",
    "pkg/twice.py": "def twice_defined(): ...\n",
    "pkg/again.py": "def twice_defined(): ...\n",
    "src/shapes.ts": "export function areaOf() {}\nfunction hidden() {}\n",
    "java/app/Circle.java": "package app;\n\npublic class Circle {}\n",
}


@pytest.mark.parametrize(
    ("path", "before", "added", "line"),
    [
        ("main.py", '"""Doc."""\nimport os\n\n', "area_of(os)\n", "from pkg.shapes import area_of\n"),
        ("pkg/main.py", "from .twice import x\n", "area_of(x)\n", "from .shapes import area_of\n"),
        ("main.py", "import os\n", "twice_defined(os)\n", ""),
        ("main.py", "from pkg.shapes import area_of\n", "area_of(1)\n", ""),
        ("main.py", "from pkg.shapes import *\n", "area_of(1)\n", ""),
        ("main.py", "import os\n", "x.area_of(1)\n", ""),
        ("main.py", "import os\n", "radius_of(1)\n", ""),
        ("src/in/a.ts", "import { x } from './x';\n", "areaOf(x);\n", "import { areaOf } from '../shapes';\n"),
        ("src/in/a.ts", "import { x } from './x';\n", "hidden(x);\n", ""),
        ("java/web/A.java", "package web;\n\n", "class A { Circle c; }\n", "import app.Circle;\n"),
        ("java/app/A.java", "package app;\n\n", "class A { Circle c; }\n", ""),
    ],
)
def test_import_lines(tmp_path: Path, path: str, before: str, added: str, line: str) -> None:
    with indexed(tmp_path, FILES) as index:
        hunk, desk = edited(path, before, before + added, index)
        desk = type(desk)(desk.hunks, {path: before + added}, index, FILES.get)
        found = list(import_lines(hunk, desk))
        after = made(desk, found, path)
    assert [one.new for one in found] == ([line] if line else [])
    assert all(one.kind == "import" for one in found)
    assert after.replace(line, "", 1) == before + added if line else after == before + added
    if line:
        assert after.index(line) < after.index(added)

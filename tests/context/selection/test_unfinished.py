import pytest

from mellum_ls.context.selection.unfinished import Unfinished, means, unfinished


def at(text: str, family: str = "python") -> Unfinished | None:
    """The answer where the text has a bar."""
    before, _, after = text.partition("|")
    lines = (before + after).split("\n")
    return unfinished(lines, before.count("\n"), len(before) - before.rfind("\n") - 1, family)


def test_in_a_list_of_python() -> None:
    assert at("import os\nfrom .a.b import (\n    x,\n    yz,\n    |\n)\n") == Unfinished(".a.b", ("x", "yz"))
    assert at("from pkg import x, |\n") == Unfinished("pkg", ("x",))
    assert at("from pkg import (\n    |\nclass A:\n") == Unfinished("pkg", ())


def test_behind_a_statement_of_python() -> None:
    assert at("from pkg import x\n|") is None
    assert at("from pkg import (x)\n\ny = |") is None
    assert at("from pkg import (\n  x,\n)\n|") is None
    assert at("x = |") is None


def test_in_a_list_of_a_script() -> None:
    text = "import z from './z';\nimport {\n  type A,\n  b as c,\n  |\n} from '../x/y.js';\n"
    assert at(text, "javascript") == Unfinished("../x/y.js", ("A", "b", "c"))
    assert at("import { a, | } from './m';", "javascript") == Unfinished("./m", ("a",))
    assert at("export { a, | } from './m';", "javascript") == Unfinished("./m", ("a",))


def test_elsewhere_in_a_script() -> None:
    assert at("import { a } from './m';\n|", "javascript") is None
    assert at("import {\n  a,\n  |\n\nimport { b } from './m';", "javascript") is None
    assert at("export function f() {\n  |\n}\nexport { x } from './m';", "javascript") is None


def test_other_languages_and_places_outside_say_nothing() -> None:
    assert at("from a import |", "go") is None
    assert unfinished(["from a import "], 7, 0, "python") is None
    assert unfinished([], 0, 0, "python") is None


@pytest.mark.parametrize(
    ("module", "path", "meant"),
    [
        (".a.b", "pkg/a/b.py", True),
        ("a.b", "a/b/__init__.py", True),
        (".", "a/__init__.py", True),
        ("a.b", "a/c.py", False),
        ("./x/y.js", "src/x/y.ts", True),
        ("../x", "src/x/index.ts", True),
        ("../x", "src/y/index.ts", False),
        ("@scope/name", "lib/name.d.ts", True),
    ],
)
def test_which_files_a_module_may_be(module: str, path: str, meant: bool) -> None:
    assert means(module, path) is meant

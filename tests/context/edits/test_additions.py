"""What is added to a file that is there: nothing of the file is lost, and imports are not doubled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.edits.additions import CannotAdd, added
from mellum_ls.context.languages.parsed import parsed

PYTHON = '''"""Tests."""

import pytest
from shop import area


class TestArea:
    def test_one(self):
        assert area(1) == 1


def test_two():
    assert area(2) == 4
'''
JAVA = """package shop;

import org.junit.jupiter.api.Test;

class ShopTest {
    @Test
    void one() {
        check(1);
    }
}
"""
GO = """package shop

import (
\t"testing"
)

func TestOne(t *testing.T) {}
"""
SCRIPT = """import { area } from './shop';

describe('area', () => {});
"""


def test_python_goes_to_the_end_and_its_imports_to_the_others() -> None:
    more = "import pytest\nimport math\nfrom shop import area, volume\n\n\ndef test_three():\n    assert volume(1) == 1"
    assert added(PYTHON, more, "test_a.py") == (
        PYTHON.replace("import area\n", "import area, volume\nimport math\n")
        + "\n\ndef test_three():\n    assert volume(1) == 1\n"
    )


def test_a_class_that_is_there_gets_the_methods() -> None:
    more = "class TestArea:\n  def test_four(self):\n    assert area(4)\n\n  def test_five(self):\n    pass\n"
    changed = added(PYTHON, more, "test_a.py")
    wanted = "area(1) == 1\n\n    def test_four(self):\n      assert area(4)\n\n    def test_five(self):\n      pass\n"
    assert changed == PYTHON.replace("area(1) == 1\n", wanted)
    method = "import java.util.List;\n\n@Test\nvoid two() {\n    check(2);\n}"
    changed = added(JAVA, method, "ShopTest.java")
    wanted = "        check(1);\n    }\n\n    @Test\n    void two() {\n        check(2);\n    }\n}\n"
    assert changed.endswith(wanted)
    assert "api.Test;\nimport java.util.List;\n\nclass" in changed
    whole = f"package shop;\nimport org.junit.jupiter.api.Test;\n\nclass ShopTest {{\n{method.partition(';')[2]}\n}}\n"
    assert added(JAVA, whole, "ShopTest.java").endswith(wanted)


def test_imports_of_go_go_into_their_block() -> None:
    more = 'package shop\n\nimport (\n\t"math"\n\t"testing"\n)\n\nfunc TestTwo(t *testing.T) { math.Abs(1) }'
    changed = added(GO, more, "shop_test.go")
    assert changed.startswith('package shop\n\nimport (\n\t"testing"\n\t"math"\n)\n')
    assert changed.endswith("(t *testing.T) {}\n\nfunc TestTwo(t *testing.T) { math.Abs(1) }\n")
    assert added("package shop\n", more, "a_test.go").startswith('package shop\n\nimport "math"\nimport "testing"\n')
    single = 'package shop\n\nimport "testing"\n'
    assert added(single, more, "a_test.go").startswith('package shop\n\nimport "testing"\nimport "math"\n')


def test_names_join_an_import_of_the_same_module_in_the_style_of_the_file() -> None:
    more = 'import { area, volume } from "./shop";\nimport fs from "fs";\n\ntest("volume", () => { volume(1); });'
    assert added(SCRIPT, more, "shop.test.ts") == (
        "import { area, volume } from './shop';\nimport fs from \"fs\";\n\n"
        "describe('area', () => {});\n\ntest(\"volume\", () => { volume(1); });\n"
    )


def test_a_file_without_imports_gets_them_behind_its_head() -> None:
    assert added('"""Doc."""\nx = 1\n', "import os\ny = 2", "a.py") == '"""Doc."""\nimport os\n\nx = 1\n\n\ny = 2\n'
    assert added("", "import os\n\nx = 1", "a.py") == "import os\n\nx = 1\n"


@pytest.mark.parametrize(
    ("text", "more", "path", "why"),
    [
        (PYTHON, "def test_two():\n    pass", "test_a.py", "has test_two already"),
        (PYTHON, "class TestArea:\n    def test_one(self):\n        pass", "test_a.py", "has test_one already"),
        (JAVA, "class Other {\n    @Test\n    void two() {}\n}", "ShopTest.java", "methods of ShopTest"),
        (JAVA, "@Test\nvoid one() {}", "ShopTest.java", "has one already"),
        ("class ShopTest { }\n", "@Test\nvoid one() {}", "ShopTest.java", "nothing can be put into"),
        ("x = 1\n", "y = 2", "a.rb", "language"),
        ("x = '\ud800'\n", "y = 2", "a.py", "halves"),
    ],
)
def test_what_cannot_be_added_is_refused(text: str, more: str, path: str, why: str) -> None:
    with pytest.raises(CannotAdd, match=why):
        added(text, more, path)


_FUNCTION, _CLASS = "def f():\n    return 1", "class C:\n    y = 1"
PIECES = st.lists(
    st.sampled_from(
        [
            "import a",
            "from b import c",
            "from b import (\n    d,\n)",
            "x = 1",
            "def f():\n    return 1",
            "# note",
            "",
            "class C:\n    y = 1",
        ]
    ),
    max_size=5,
).map("\n".join)


@given(PIECES, PIECES)
def test_all_lines_of_the_file_stay_in_their_order_and_nothing_breaks(text: str, more: str) -> None:
    try:
        changed = added(text, more, "a.py")
    except CannotAdd:
        return
    left = iter(changed.split("\n"))
    for line in text.rstrip("\n").split("\n"):
        # A line of imports may have got further names.
        assert any(each == line or (line.startswith("from b") and each.startswith(line)) for each in left)
    assert parsed(changed, "a.py", "").faults == 0

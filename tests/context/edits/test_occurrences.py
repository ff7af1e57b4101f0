"""Which places of a name mean the same: by scopes, with shadowing, over the languages."""

from __future__ import annotations

import re

import pytest

from mellum_ls.context.edits.occurrences import MOST_OCCURRENCES, Source

# In these texts names that mean the same end in the same digit: `x1` and `x2` are both `x` for the one who reads.
TEXTS = {
    "a.py": [
        "x1 = 1\ndef f(y):\n    x2 = y\n    return x2\nclass A:\n    x3 = x1\n    z = x3\n    def g(self): return x1\n",
        "def f(x1, y=x0):\n    g = lambda x2: x2 + y\n    return [x3 for x3 in x1], x1, {x4: 1 for x4 in y}\n",
        "x1 = 0\ndef f():\n    global x1\n    x1 = 2\n    def g():\n        x2 = 1\n        def h():\n"
        "            nonlocal x2\n            x2 += 1\n        return x2\n    return x1\n",
        "from m import x1\nfor x1 in y:\n    with a as x1, b:\n        print(f'{x1} x', x1)\n",
        "def f():\n    if (x1 := 2) and [x1 for y in z]:\n        return x1\n    return x1\nx0\n",
    ],
    "a.ts": [
        "const x1 = 1; function f(x2: number) { { let x3 = y; x3++; } return x2; } x1;\n",
        "import { x1 } from 'm'; const g = (x2: any) => x2 + 1; const h = x3 => x3; x1;\n",
        "function f() { if (a) { var x1 = 1; } return x1; }\nfor (const x2 of y) { x2; }\nx0;\n",
        "try { x2 } catch (x1) { x1 }\nconst { a: x2, ...r } = y; const [q] = z;\nx2;\n",
        "class A<x1> { f(y: x1): x1 { return y; } }\ntype T<x2> = x2[];\n",
    ],
    "a.java": [
        "class A { void f(int y) { for (int x1 = 0; x1 < 2; x1++) {} } }",
        "class A { void f() { { int x1 = 1; use(x1); } { int x2 = 2; use(x2); } g(x3 -> x3 + 1); } }",
        "class A { void f() { try (R x1 = g()) { x1.h(); } catch (E x2) { x2.h(); } } }",
    ],
    "a.go": [
        "package p\nfunc f(x1 int) int {\n\tif x2 := g(x1); x2 > 1 {\n\t\treturn x2\n\t}\n\treturn x1\n}\n",
        "package p\nvar x1 = 1\nfunc f() {\n\ty := x1\n\tx2 := y\n\tfunc() { x2++ }()\n"
        "\tfor x3 := range z { _ = x3 }\n}\n",
        "package p\nfunc f() {\n\tz := x0\n\tx1 := z\n\tx1, err := g(x1)\n\t_ = err\n}\n",
    ],
}


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in TEXTS.items() for text in texts])
def test_places_that_mean_the_same(path: str, text: str) -> None:
    numbers = re.findall(r"\bx(\d)", text)
    source = Source.of(path, re.sub(r"\bx\d", "x", text))
    assert source is not None
    found = source.occurrences("x")
    assert len(found) == len(numbers)
    keys: dict[str, set[object]] = {}
    for one, number in zip(found, numbers, strict=True):
        keys.setdefault(number, set()).add(source.meaning(one) if number != "0" else source.meaning(one)[0])
    assert all(len(each) == 1 for each in keys.values()), keys
    assert len({key for each in keys.values() for key in each}) == len(keys), keys
    assert keys.get("0", {"free"}) == {"free"}


def test_comments_and_strings_have_no_names_and_words_are_whole() -> None:
    source = Source.of("a.py", "x = 'x'  # x\nxx = x_ = ax = x\n")
    assert source is not None
    assert [(one.line, one.start) for one in source.occurrences("x")] == [(0, 0), (1, 28)]


def test_members_are_bound_in_their_class() -> None:
    source = Source.of("a.py", "class A:\n    def x(self):\n        self.x()\nclass B:\n    x = 1\n")
    assert source is not None
    first, use, second = source.occurrences("x")
    assert source.meaning(first) == ("member", "A", "")
    assert source.meaning(second) == ("member", "B", "")
    assert (use.role, source.meaning(use)[0]) == ("member", "free")
    go = Source.of("a.go", "package p\ntype S struct { W int }\nfunc (s *S) F() { s.W = 1 }\n")
    assert go is not None
    assert [go.meaning(go.occurrences(name)[0]) for name in ("W", "F")] == [("member", "S", "")] * 2


def test_in_java_methods_and_variables_have_names_of_their_own() -> None:
    source = Source.of("A.java", "class A { int x; int x() { int y = x; return x(); } }")
    assert source is not None
    assert [one.namespace for one in source.occurrences("x")] == ["value", "method", "value", "method"]


def test_what_an_edit_leaves_alone_is_found_as_from_scratch() -> None:
    before = "def f(a):\n    return a\n" * 20
    source = Source.of("a.py", before)
    assert source is not None
    after = before.replace("return a", "return a + b", 1)
    edited, fresh = source.edited(after), Source.of("a.py", after)
    assert edited is not None
    assert fresh is not None
    for name in ("f", "a", "b"):
        assert [(one.start, one.role) for one in edited.occurrences(name)] == [
            (one.start, one.role) for one in fresh.occurrences(name)
        ]
    assert source.edited(before) is source


def test_other_languages_and_too_many_places() -> None:
    assert Source.of("a.cpp", "int x;") is None
    assert Source.of("a.unknown", "x") is None
    source = Source.of("a.py", "x = 1\n" * (MOST_OCCURRENCES + 10))
    assert source is not None
    assert len(source.occurrences("x")) == MOST_OCCURRENCES

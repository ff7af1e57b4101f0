"""The class of a receiver, where the text says it."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.owners import bases, declared_type, is_or_extends, key_of, owner, sets_attribute

# The member `m` whose owner is asked for is the last one of the text.
TEXTS = [
    ("a.py", "class A:\n    def f(self): self.m\n", "A"),
    ("a.py", "def f(a: A): a.m\n", "A"),
    ("a.py", "def f(a: 'A'): a.m\n", "A"),
    ("a.py", "def f(a: A | None = None): a.m\n", "A"),
    ("a.py", "def f(a: Optional[A]): a.m\n", "A"),
    ("a.py", "def f(a: list[A]): a.m\n", "list"),
    ("a.py", "a = A(1, b=2)\na.m\n", "A"),
    ("a.py", "A().m\n", "A"),
    ("a.py", "a = A()\na = B()\na.m\n", ""),
    ("a.py", "a = make()\na.m\n", ""),
    ("a.py", "a, b = A(), 1\na.m\n", ""),
    ("a.py", "a = A().other()\na.m\n", ""),
    ("a.py", "class B:\n    def __init__(self, a: A): self.a = a\n    def f(self): self.a.m\n", "A"),
    ("a.py", "class B:\n    def __init__(self): self.a = A()\n    def f(self): self.a.m\n", "A"),
    ("a.ts", "class A { f() { [1].map(() => this.m) } }", "A"),
    ("a.ts", "class A { f() { function g() { this.m } } }", ""),
    ("a.ts", "function f(a: A) { a.m }", "A"),
    ("a.ts", "function f(a: A[]) { a.m }", "[]"),
    ("a.ts", "const a = new A<string>(1); a.m", "A"),
    ("a.ts", "class B { private a: A; f() { this.a.m } }", "A"),
    ("A.java", "class B { void f(A a) { a.m = 1; } }", "A"),
    ("A.java", "class B { A a; void f() { a.m(); } }", "A"),
    ("A.java", "class B { void f() { var a = new A(1); a.m(); } }", "A"),
    ("A.java", "class B { void f() { A.m(); } }", "A"),
    ("A.java", "class B { void f(A[] a) { a.m(); } }", "[]"),
    ("a.go", "package p\nfunc f(a *A) { a.m() }", "A"),
    ("a.go", "package p\nfunc f(a []A) { a.m() }", "[]"),
    ("a.go", "package p\nfunc f() { a := &A{}; a.m() }", "A"),
    ("a.go", "package p\nfunc f() { a := NewA(1); a.m() }", "A"),
    ("a.go", "package p\nfunc f() { a := A{m: 1} }", "A"),
    ("a.go", "package p\nfunc f() { a, err := NewA(1); a.m() }", "A"),
    ("a.go", "package p\nfunc f() { a, err := NewA(1); err.m() }", ""),
]


@pytest.mark.parametrize(("path", "text", "name"), TEXTS)
def test_owners(path: str, text: str, name: str) -> None:
    source = Source.of(path, text)
    assert source is not None
    last = source.occurrences("m")[-1]
    found = owner(source, last)
    assert found.name == name
    assert (found.kind == "class") == bool(name)
    assert key_of(source, last)[:2] == (("member", name) if name else ("free", ""))


def test_an_imported_receiver_is_told_as_such() -> None:
    source = Source.of("a.py", "import shapes\nshapes.m\n")
    assert source is not None
    found = owner(source, source.occurrences("m")[0])
    assert (found.kind, found.name) == ("import", "shapes")


def test_what_a_class_extends() -> None:
    source = Source.of("a.py", "class A(B, metaclass=M): pass\nclass C(A): pass\nclass D: pass\n")
    assert source is not None
    assert bases(source, "A")[0] == "B"
    assert is_or_extends(source, "C", "B")
    assert not is_or_extends(source, "D", "B")
    java = Source.of("A.java", "class A extends B<T> implements I { } class B extends A { }")
    assert java is not None
    assert is_or_extends(java, "A", "I")
    assert not is_or_extends(java, "B", "X"), "classes that extend each other come to an end"


def test_attributes_that_are_declared_by_being_set() -> None:
    source = Source.of(
        "a.py", "class A:\n    def f(self):\n        self.x = 1\n        return self.x + other.x\nother.x = 2\n"
    )
    assert source is not None
    assert [sets_attribute(source, one) for one in source.occurrences("x")] == [True, False, False, False]


def test_types_of_bindings() -> None:
    source = Source.of("a.py", "a: int = 1\nb = 2\n")
    assert source is not None
    assert [declared_type(source, source.occurrences(name)[0]) for name in "ab"] == ["int", None]

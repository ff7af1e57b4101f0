"""What functions take and calls give, as lists."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.signatures import FUNCTIONS, arguments, call_of, name_node, parameters


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a.py", "def f(a, b: int, c=1, d: int = 2, *, e): pass", "a b c? d? e!"),
        ("a.py", "def f(a, /, b): pass", "a/ b"),
        ("a.py", "def f(a, *args, b, **more): pass", "a * b! *"),
        ("a.ts", "function f(a: number, b?: string, c = 1, ...d: any[]) {}", "a b? c? *"),
        ("a.js", "function f(a, b = 1, ...c) {}", "a b? *"),
        ("a.ts", "function f({ a }: T, b: U) {}", " b"),
        ("A.java", "class A { void f(final int a, String... b) {} }", "a *"),
        ("a.go", "package p\nfunc f(a, b int, c ...string) {}", "a b *"),
    ],
)
def test_parameters(path: str, text: str, names: str) -> None:
    source = Source.of(path, text)
    assert source is not None
    function = next(node for one in source.occurrences("f") for node, _ in one.chain if node.type in FUNCTIONS)
    found = parameters(source, function, bound=False)
    assert found is not None
    shown = (
        "*" if p.gathers else p.name + "?" * p.has_default + "!" * p.keyword_only + "/" * p.positional_only
        for p in found
    )
    assert " ".join(shown) == names
    assert source.said(name_node(function)) == "f"


def test_types_of_go_without_names_are_no_parameters() -> None:
    source = Source.of("a.go", "package p\ntype I interface { f(int, string) }\n")
    assert source is not None
    function = source.occurrences("f")[0].chain[1][0]
    assert parameters(source, function, bound=False) is None


def test_arguments_and_what_is_a_call() -> None:
    source = Source.of("a.py", "f(1, b=g(2), *c)\nx.f()\nf\nf(a for a in b)\n")
    assert source is not None
    calls = [call_of(source, one) for one in source.occurrences("f")]
    assert [call is not None for call in calls] == [True, True, False, True]
    assert calls[0] is not None
    given = arguments(source, calls[0])
    assert given is not None
    assert [(one.text, one.keyword, one.value, one.spreads) for one in given[1]] == [
        ("1", "", "1", False),
        ("b=g(2)", "b", "g(2)", False),
        ("*c", "", "*c", True),
    ]
    assert calls[3] is not None
    assert arguments(source, calls[3]) is None


def test_what_a_function_is_assigned_to_names_it() -> None:
    source = Source.of("a.ts", "const f = (a: number) => a; class A { f = () => 1; }")
    assert source is not None
    for one in source.occurrences("f"):
        function = one.chain[1][0].child_by_field_name("value")
        assert function is not None
        named = name_node(function)
        assert named is not None
        assert named.start_byte == one.start

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.languages.definitions import find
from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.names import defined, enclosing, used_names, uses
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Use
from tests.context.languages.sample_texts import BY_NAME, Edit, edited, edits, golden, grammars, sample


def uses_of(text: str | bytes, grammar: Grammar, start_line: int = 0, end_line: int | None = None) -> tuple[Use, ...]:
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    tree = parse(raw, grammar, max_seconds=60)
    assert tree is not None
    return uses(raw, tree, grammar, start_line=start_line, end_line=end_line)


def by_line(found: tuple[Use, ...]) -> list[str]:
    lines: dict[int, list[str]] = {}
    for use in found:
        lines.setdefault(use.line, []).append(use.name)
    return [f"{line}: {' '.join(names)}" for line, names in lines.items()]


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_the_uses_of_each_language(grammar: Grammar) -> None:
    assert by_line(uses_of(sample(grammar), grammar)) == golden(grammar, "uses").splitlines()


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        (
            "python",
            "@deco\ndef f(a, *b, c: T = d, **e) -> R:\n    g, h = a.i(j=k)\n    for m in n: o += m\n"
            "    with p as q: return [r for r in s if (t := r)]\n",
            "deco T d R a i k n o m p r s r",
        ),
        ("python", "import a.b as c\nfrom .d import e as f\nclass K(B): x: T = v\nself.y = _\n", "a b d e B T v y"),
        (
            "javascript",
            "const {a, b: c = d} = e;\nfor (const f of g) h(f);\ni.map(j => j.k);\n",
            "b d e g h f i map j k",
        ),
        ("go", "package p\nfunc f(a int) { b, c := g(a); for k := range b { h(k, T{x: c}) } }\n", "int g a b h k T c"),
        ("rust", "fn f<T>(a: A) { let b = a.c(); for d in b { e!(d); } }\n", "A a c b e d"),
        ("java", "class K { void f(A a) { B b = a.c(); for (D d : b) e(d); } }\n", "A B a c D b e d"),
        ("c", "int f(T *a) { U b = g(a); h.i = b; }\n", "T U g a h i b"),
        ("lua", "local a = b\nfunction t:f(c) return self.d + c end\n", "b t d c"),
    ],
)
def test_what_is_bound_where_it_stands_is_no_use(name: str, text: str, names: str) -> None:
    assert " ".join(use.name for use in uses_of(text, BY_NAME[name])) == names


@given(grammars(), edits())
def test_the_names_alone_are_those_of_the_uses(grammar: Grammar, changes: list[Edit]) -> None:
    raw = reduce(edited, changes, sample(grammar)).encode("utf-8", "replace")
    tree = parse(raw, grammar, max_seconds=60)
    assert tree is not None
    assert used_names(raw, find(raw, tree, grammar, with_uses=True)) == {use.name for use in uses(raw, tree, grammar)}


@given(grammars(), st.integers(0, 60), st.integers(0, 60))
def test_a_range_of_lines_has_the_uses_on_them(grammar: Grammar, start: int, size: int) -> None:
    whole = uses_of(sample(grammar), grammar)
    part = uses_of(sample(grammar), grammar, start, start + size)
    assert part == tuple(use for use in whole if start <= use.line < start + size)


@given(grammars(), edits())
def test_a_spoiled_text_has_uses_within_it(grammar: Grammar, changes: list[Edit]) -> None:
    text = sample(grammar)
    for change in changes:
        text = edited(text, change)
    raw = text.encode("utf-8", "replace")
    found = uses_of(raw, grammar)
    assert list(found) == sorted(found, key=lambda use: use.start_byte)
    for use in found:
        assert raw[use.start_byte : use.end_byte].decode("utf-8", "replace") == use.name != ""
        assert raw.count(b"\n", 0, use.start_byte) == use.line


@given(grammars(), st.binary(max_size=300))
def test_bytes_that_are_no_text_do_not_raise(grammar: Grammar, junk: bytes) -> None:
    for use in uses_of(junk, grammar):
        assert 0 <= use.start_byte < use.end_byte <= len(junk)


def test_the_symbols_around_a_line() -> None:
    python = BY_NAME["python"]
    text = sample(python).encode()
    tree = parse(text, python)
    assert tree is not None
    symbols = outline(text, tree, python)
    lines = text.decode().splitlines()
    at = lines.index("            return x * math.pi")
    assert [symbol.name for symbol in enclosing(symbols, at)] == ["Shape", "area", "inner"]
    # Its decorator is a line of a definition too.
    assert [symbol.name for symbol in enclosing(symbols, lines.index("    @property"))] == ["Shape", "area"]
    assert enclosing(symbols, 0) == ()
    assert {"Shape", "größe", "inner"} <= defined(symbols)
    assert "math" not in defined(symbols)

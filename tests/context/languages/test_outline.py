import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.context.languages.outline import MOST_CHARS, outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Symbol
from tests.context.languages.sample_texts import BY_NAME, Edit, edited, edits, golden, grammars, sample


def symbols_of(text: str | bytes, grammar: Grammar) -> tuple[Symbol, ...]:
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    tree = parse(raw, grammar, max_seconds=60)
    assert tree is not None
    return outline(raw, tree, grammar)


def written(symbol: Symbol) -> str:
    lines = f"{symbol.start_line}-{symbol.end_line}@{symbol.name_line}"
    return f"{lines} {symbol.kind} {symbol.container}|{symbol.name} :: {symbol.signature}" + (
        f"  # {symbol.doc}" if symbol.doc else ""
    )


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_the_outline_of_each_language(grammar: Grammar) -> None:
    assert [written(symbol) for symbol in symbols_of(sample(grammar), grammar)] == golden(
        grammar, "outline"
    ).splitlines()


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_line_ends_of_windows_change_bytes_only(grammar: Grammar) -> None:
    there = symbols_of(sample(grammar).replace("\n", "\r\n"), grammar)
    assert [written(symbol) for symbol in there] == golden(grammar, "outline").splitlines()


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_names_and_bytes_and_lines_agree(grammar: Grammar) -> None:
    text = sample(grammar)
    lines = text.split("\n")
    for symbol in symbols_of(text, grammar):
        own = text.encode()[symbol.start_byte : symbol.end_byte].decode()
        assert own.rstrip("\n") in "\n".join(lines[symbol.start_line : symbol.end_line + 1])
        assert symbol.start_line <= symbol.name_line <= symbol.end_line
        if symbol.kind not in ("module", "section"):
            assert symbol.name in lines[symbol.name_line]


def check(symbols: tuple[Symbol, ...], text: bytes) -> None:
    last_line = text.count(b"\n")
    for symbol in symbols:
        assert 0 <= symbol.start_byte <= symbol.end_byte <= len(text)
        assert 0 <= symbol.start_line <= symbol.name_line <= last_line
        assert symbol.start_line <= symbol.end_line <= last_line
        assert symbol.name
        assert "\n" not in symbol.signature + symbol.doc + symbol.name
        assert max(len(symbol.signature), len(symbol.doc), len(symbol.name)) <= MOST_CHARS


@given(grammars(), edits())
def test_a_spoiled_text_has_an_outline_within_it(grammar: Grammar, changes: list[Edit]) -> None:
    text = sample(grammar)
    for change in changes:
        text = edited(text, change)
    raw = text.encode("utf-8", "replace")
    check(symbols_of(raw, grammar), raw)


@given(grammars(), st.binary(max_size=300), st.floats(0, 1))
def test_bytes_that_are_no_text_have_one_too(grammar: Grammar, junk: bytes, where: float) -> None:
    text = sample(grammar).encode()
    at = int(where * len(text))
    spoiled = text[:at] + junk + text[at:]
    check(symbols_of(spoiled, grammar), spoiled)


@pytest.mark.parametrize(
    ("name", "text", "doc"),
    [
        ("python", 'def f():\n    r"""Raw \\d one.\n\n    More."""\n', "Raw \\d one."),
        ("python", "# noqa: E501\n# Above.\ndef f(): ...\n", "Above."),
        ("python", "# Above.\n\ndef f(): ...\n", ""),
        ("java", "/**\n * First of all.\n * <p>More.\n */\nclass A {}\n", "First of all."),
        ("csharp", "/// <summary>\n/// What it is.\n/// </summary>\nclass A {}\n", "What it is."),
        ("rust", "/// Shown.\n#[inline]\nfn f() {}\n", "Shown."),
        ("go", "//go:noinline\n// F does it.\nfunc F() {}\n", "F does it."),
        ("lua", "--[[ Long one.\n]]\nfunction f() end\n", "Long one."),
        ("sql", "-- All of them.\nCREATE TABLE t (a INT);\n", "All of them."),
    ],
)
def test_the_documentation_is_its_first_line_without_marks(name: str, text: str, doc: str) -> None:
    assert symbols_of(text, BY_NAME[name])[0].doc == doc


@pytest.mark.parametrize(
    ("name", "text", "signature"),
    [
        ("python", "def f(  # why\n    a,\n    b=(1, 2),\n) -> None:\n    pass\n", "def f(a, b=(1, 2)) -> None"),
        ("java", "@A(1) @B\npublic int f(@C int x) { return x; }\n", "public int f(int x)"),
        ("go", "type (\n\tA struct {\n\t\tx int\n\t}\n)\n", "A struct"),
        (
            "typescript",
            "export default abstract class A<T> extends B {\n}\n",
            "export default abstract class A<T> extends B",
        ),
        ("c", "static int\nf(void)\n{\n}\n", "static int f(void)"),
        ("python", "X = " + "1 + " * 100 + "1\n", ("X = " + "1 + " * 100)[:199] + "…"),
    ],
)
def test_the_signature_is_the_head_in_one_line(name: str, text: str, signature: str) -> None:
    assert symbols_of(text, BY_NAME[name])[0].signature == signature

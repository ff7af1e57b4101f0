import pytest
from tree_sitter import Parser

from mellum_ls.context.languages.grammars import GRAMMARS, Grammar, grammar_of

SAMPLES = {
    "python": "def f(x):\n    return x\n",
    "javascript": "export const f = (x) => <b>{x}</b>;\n",
    "typescript": "const f = (x: number): number => x;\n",
    "tsx": "const f = (x: number) => <b>{x}</b>;\n",
    "go": "package p\n\nfunc F(x int) int { return x }\n",
    "rust": "fn f(x: u8) -> u8 { x }\n",
    "java": "class A { int f(int x) { return x; } }\n",
    "c": "int f(int x) { return x; }\n",
    "cpp": "template <class T> T f(T x) { return x; }\n",
    "csharp": "class A { int F(int x) => x; }\n",
    "ruby": "def f(x)\n  x\nend\n",
    "php": "<?php function f($x) { return $x; }\n",
    "lua": "function f(x) return x end\n",
    "kotlin": "fun f(x: Int): Int = x\n",
    "swift": "func f(x: Int) -> Int { return x }\n",
    "scala": "object A { def f(x: Int): Int = x }\n",
    "bash": 'f() { echo "$1"; }\n',
    "sql": "CREATE TABLE t (id INT PRIMARY KEY);\n",
    "html": "<p>text</p>\n",
    "css": "p { color: red; }\n",
    "json": '{"a": [1, 2]}\n',
    "yaml": "a:\n  - 1\n",
    "toml": "[a]\nb = 1\n",
    "markdown": "# Title\n\ntext\n",
}


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_each_grammar_parses_its_language(grammar: Grammar) -> None:
    tree = Parser(grammar.load()).parse(SAMPLES[grammar.name].encode())
    assert not tree.root_node.has_error
    assert grammar.load() is grammar.load()


def test_no_ending_and_no_language_id_is_claimed_twice() -> None:
    endings = [ending for grammar in GRAMMARS for ending in grammar.endings]
    ids = [name for grammar in GRAMMARS for name in grammar.language_ids]
    assert len(set(endings)) == len(endings)
    assert len(set(ids)) == len(ids)
    assert all(grammar.endings and grammar.language_ids for grammar in GRAMMARS)


def test_the_editors_word_goes_before_the_file_name() -> None:
    names = {path: found.name for path in ("a/b.PY", "a\\b.tsx", "x.h", "x.d.ts") if (found := grammar_of(path))}
    assert names == {"a/b.PY": "python", "a\\b.tsx": "tsx", "x.h": "cpp", "x.d.ts": "typescript"}
    in_c = grammar_of("x.h", "c")
    assert in_c is not None
    assert in_c.name == "c"
    assert grammar_of("Makefile") is None
    assert grammar_of("a.py/b", "klingon") is None

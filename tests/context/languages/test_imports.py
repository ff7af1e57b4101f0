"""What holds for all languages; each one's statements are in importing/."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Parser

from mellum_ls.context.languages.definitions import find
from mellum_ls.context.languages.imports import MAX_IMPORTS, imports
from tests.fakes.imports import BY_NAME, read

# One import in each language that has them.
ONE = {
    "python": "from .a import b\n",
    "javascript": "import {b} from './a';\n",
    "typescript": "import {b} from './a';\n",
    "tsx": "import {b} from './a';\n",
    "go": 'package p\nimport "a/b"\n',
    "rust": "use a::b;\n",
    "java": "import a.b;\n",
    "kotlin": "import a.b\n",
    "scala": "import a.b\n",
    "csharp": "using a.b;\n",
    "swift": "import a\n",
    "c": '#include "a.h"\n',
    "cpp": '#include "a.h"\n',
    "php": "<?php\nuse a\\b;\n",
    "ruby": "require 'a/b'\n",
    "lua": "require 'a.b'\n",
    "bash": "source a.sh\n",
}


@pytest.mark.parametrize("language", BY_NAME)
def test_each_language_that_has_imports_is_read_and_no_other(language: str) -> None:
    assert len(read(language, ONE.get(language, "import a\n"))) == (language in ONE)


@pytest.mark.parametrize("language", ONE)
@given(data=st.data())
def test_no_text_is_too_bad(language: str, data: st.DataObject) -> None:
    """Cut, doubled and sown with junk, a text gives imports with a module each, in the order of their lines."""
    text = ONE[language].encode()
    pieces = st.sampled_from([text, text[: len(text) // 2], text[3:], b"{", b")", b'"', b"\0", b"\xff", b"\n", b"::"])
    junk = b"".join(data.draw(st.lists(pieces | st.binary(max_size=6), max_size=12)))
    found = read(language, junk)
    assert all(one.module for one in found)
    assert all(not one.names or len(one.names) == len(one.aliases) for one in found)
    assert [one.line for one in found] == sorted(one.line for one in found)


def test_a_generated_file_is_not_read_to_its_end() -> None:
    assert len(read("python", "import a, b, c\n" * MAX_IMPORTS)) == MAX_IMPORTS


@pytest.mark.parametrize("language", ONE)
def test_a_tree_that_followed_an_edit_gives_what_a_new_one_gives(language: str) -> None:
    grammar, text = BY_NAME[language], ONE[language].encode()
    parser = Parser(grammar.load())
    tree = parser.parse(text)
    more = text + b"\n" + text
    tree.edit(len(text), len(text), len(more), (text.count(b"\n"), 0), (text.count(b"\n"), 0), (9, 0))
    followed = imports(more, parser.parse(more, tree), grammar)
    assert followed == imports(more, parser.parse(more), grammar) != ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("csharp", "namespace A { namespace B { using C; } }"),
        ("typescript", 'namespace N { declare module "m" { import { x } from "./x"; } }'),
        ("javascript", "function f() { if (a) { return () => [{ b: require('./x') }]; } }"),
        ("typescript", "function f() { if (a) { return () => [{ b: import /* why */ ('./x') }]; } }"),
        ("python", "class A:\n  def f(self):\n    if a:\n      for b in c:\n        with d:\n          import e\n"),
        ("rust", "mod a { mod b { fn f() { if c { loop { use d::e; } } } } }"),
        ("php", "<?php namespace A { use B\\C; }"),
        ("scala", "object A { def f = { class B { import c.d } } }"),
        ("lua", "function f() if a then return function() return require('b') end end end"),
        ("cpp", '#ifdef A\n#ifdef B\nnamespace c { extern "C" {\n#include "d.h"\n} }\n#endif\n#endif\n'),
    ],
)
def test_imports_are_found_as_deep_as_they_can_stand(language: str, text: str) -> None:
    assert len(read(language, text)) == 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "python",
            "from __future__ import annotations\nimport a, b.c as d\ndef f():\n    if x:\n        from .e import g\n",
        ),
        ("c", '#include "a.h"\n#ifdef X\n#include <b/c.h>\n#endif\nint f(void) {\n#include "d.inc"\n}\n'),
        ("cpp", '#include "a.h"\nnamespace n {\n#include <b>\n}\n'),
        (
            "javascript",
            'import a from "b";\nfunction f() { return require("c"); }\nexport * from "d";\nexport let e = 1;\n',
        ),
        ("typescript", 'export { a } from "./b";\nimport type { C } from "./c";\nexport class D {}\n'),
        ("tsx", f'import a from "b";\n{"// require" * 2_000}\nfunction f() {{ return import("c"); }}\n'),
    ],
)
def test_statements_that_were_found_with_the_definitions_need_no_second_search(language: str, text: str) -> None:
    data, grammar = text.encode(), BY_NAME[language]
    tree = Parser(grammar.load()).parse(data)
    known = find(data, tree, grammar)
    found = imports(data, tree, grammar, (*known.imports, *known.passing))
    assert len(found) >= 2
    assert found == imports(data, tree, grammar)

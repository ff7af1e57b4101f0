"""Who imports whom: from what is written to the files of the workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mellum_ls.context.index.analysis import Analysis, analyse
from mellum_ls.context.index.linking import Links
from mellum_ls.context.index.store import Store
from mellum_ls.context.index.tables import Tables

FILES = {
    "app/__init__.py": "",
    "app/cart.py": "from app.shop import price\nfrom . import shop\nimport os\nimport app.cart\n",
    "app/shop.py": "price = 1\n",
    "web/a.ts": 'import { b } from "@lib/b";\nimport c from "./c";\n',
    "web/lib/b.ts": "export const b = 1;\n",
    "web/c.ts": "export default 1;\n",
    "web/tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@lib/*": ["lib/*"]}}}',
}


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tables]:
    store = Store.open(tmp_path / "x", "/r")
    tables = Tables(store.connection)
    with store.transaction():
        for path, text in FILES.items():
            tables.put(path, 1, 1, analyse(path, text))
        tables.finish()
    yield tables
    store.close()


def targets(links: Links, tables: Tables, path: str) -> list[str]:
    file = tables.file(path)
    assert file is not None
    return links.targets(path, file)


def test_each_file_once_in_the_order_of_the_imports_and_never_itself(tables: Tables) -> None:
    links = Links(tables, FILES, "r", FILES.get)
    assert targets(links, tables, "app/cart.py") == ["app/shop.py"]
    assert targets(links, tables, "web/a.ts") == ["web/lib/b.ts", "web/c.ts"]
    assert len(links) == len(FILES)


def test_files_that_come_and_go_count(tables: Tables) -> None:
    links = Links(tables, FILES, "r", FILES.get)
    links.removed("app/shop.py")
    links.removed("web/c.ts")
    assert "app/shop.py" not in targets(links, tables, "app/cart.py")
    assert targets(links, tables, "web/a.ts") == ["web/lib/b.ts"]
    links.added("web/c.tsx")
    assert targets(links, tables, "web/a.ts") == ["web/lib/b.ts", "web/c.tsx"]


def test_without_its_configuration_an_alias_leads_nowhere(tables: Tables) -> None:
    links = Links(tables, FILES, "r", lambda path: None)
    assert targets(links, tables, "web/a.ts") == ["web/c.ts"]
    assert links.is_configuration("web/tsconfig.json")
    assert not links.is_configuration("web/a.ts")


# Names that meet each other in the languages' ways to look for modules: one group of files is a workspace.
GROUPS = (
    ("a.py", "pkg/__init__.py", "pkg/a.py", "pkg/b.py", "pkg/b/c.py", "src/pkg/d.py", "src/a.pyi", "pyproject.toml"),
    ("w/a.ts", "w/index.ts", "w/b/index.js", "w/b.d.ts", "w/b/c.tsx", "w/b.ts", "w.ts", "w/data.json"),
    (
        "w/a.ts",
        "w/tsconfig.json",
        "w/base.json",
        "w/b/c.tsx",
        "w/lib/prefix.ts",
        "w/lib/entry.js",
        "w/lib/package.json",
    ),
    ("c/a.h", "c/b.c", "d/a.h", "d/b.h", "p/composer.json", "p/src/Cart.php", "p/index.php"),
    ("g/go.mod", "g/x.go", "g/in/y.go", "g/in/z.md", "h/in/y.go", "h/x.y/in/z.md", "x.y/in/a.go"),
    ("r/Cargo.toml", "r/src/lib.rs", "r/src/m.rs", "r/src/m/n.rs", "o/Cargo.toml", "o/src/main.rs", "o/src/m/mod.rs"),
    ("j/p/A.java", "j/p/B.kt", "j/q/A.java", "k/App/Cart.cs", "k/App/Shop.cs", "k/Main.cs", "j/q/C.scala"),
    ("s/Sources/M/x.swift", "s/Sources/M/note.md", "s/Sources/N/y.swift", "l/init.lua", "l/m.lua", "y/m.rb", "y/m.sh"),
)


TEXTS = {
    "py": [
        "import a\nimport pkg\nimport pkg.b.c\n",
        "from . import b\nfrom .. import a\nfrom pkg import a, d\n",
        "x = 1\n",
    ],
    "ts": ['import a from "./a";\nimport b from "./b";\nimport c from "@x/c";\n', 'import "..";\nimport "./lib";\n'],
    "h": ['#include "a.h"\n#include "b.h"\n#include <d/b.h>\n'],
    "go": ['package m\nimport "example.com/g/in"\nimport "example.com/g"\n', 'package m\nimport "x.y/in"\n'],
    "rs": ["mod m;\nuse crate::m::n;\n", "use super::m;\nuse other::m;\n"],
    "java": ["import p.A;\nimport p.*;\nimport q.A;\n"],
    "swift": ["import M\nimport N\n"],
    "lua": ['require "l.m"\nrequire "l"\n'],
    "rb": ['require_relative "m"\nrequire "y/m"\n'],
    "sh": ["source ./m.sh\n"],
    "cs": ["using App;\nusing App.Cart;\n"],
    "php": ["<?php\nuse App\\Cart;\nrequire './index.php';\n"],
    "tsconfig": [
        '{"extends": "./base"}',
        '{"compilerOptions": {"baseUrl": ".", "paths": {"@x/*": ["b/*", "lib/pre*"]}}}',
    ],
    "base": ['{"compilerOptions": {"baseUrl": ".", "paths": {"@x/c": ["lib/entry", "data"]}}}', "{}"],
    "package": ['{"name": "@x/c", "main": "./entry.js"}', '{"main": "prefix"}'],
    "pyproject": ['[tool.setuptools.package-dir]\npkg = "src/pkg"\n', '[tool.setuptools.package-dir]\na = "b"\n'],
    "go.mod": ["module example.com/g\n"],
    "Cargo": ['[package]\nname = "other"\n'],
    "composer": ['{"autoload": {"psr-4": {"App\\\\": "src"}}}'],
}
ALIKE = {"pyi": "py", "js": "ts", "tsx": "ts", "c": "h", "kt": "java"}


def texts_for(path: str) -> list[str]:
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    return TEXTS.get(name) or TEXTS.get(stem) or TEXTS.get(ALIKE.get(ending, ending)) or ["nothing\n"]


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, str], list[list[tuple[str, str | None]]]]:
    """A workspace, and steps in which some of its files come, change or go."""
    group = draw(st.sampled_from(GROUPS))
    first = {path: draw(st.sampled_from(texts_for(path))) for path in group if draw(st.integers(0, 3))}
    change = st.sampled_from(group).flatmap(
        lambda path: st.tuples(st.just(path), st.sampled_from([None, *texts_for(path)]))
    )
    step = st.lists(change, min_size=1, max_size=2, unique_by=lambda each: each[0])
    return first, draw(st.lists(step, min_size=1, max_size=8))


ANALYSED: dict[tuple[str, str], Analysis] = {}


def put(tables: Tables, path: str, text: str) -> None:
    if (path, text) not in ANALYSED:
        ANALYSED[path, text] = analyse(path, text)
    tables.put(path, 1, 1, ANALYSED[path, text])


def edges(links: Links, tables: Tables) -> dict[str, list[str]]:
    return {path: links.targets(path, file) for path, file in tables.files().items()}


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
def test_what_is_not_looked_up_again_has_its_answer(
    tmp_path_factory: pytest.TempPathFactory, history: tuple[dict[str, str], list[list[tuple[str, str | None]]]]
) -> None:
    texts, steps = history
    store = Store.open(tmp_path_factory.mktemp("links") / "x", "/r")
    tables = Tables(store.connection)
    try:
        with store.transaction():
            for path, text in texts.items():
                put(tables, path, text)
            tables.finish()
        links = Links(tables, texts, "r", texts.get)
        known = edges(links, tables)
        for step in steps:
            came: list[str] = []
            went: list[str] = []
            changed: list[str] = []
            with store.transaction():
                for path, new in step:
                    if new is None:
                        if texts.pop(path, None) is not None:
                            tables.remove(path)
                            links.removed(path)
                            went.append(path)
                        continue
                    (changed if path in texts else came).append(path)
                    texts[path] = new
                    put(tables, path, new)
                    links.added(path)
                tables.finish()
            everything = edges(Links(tables, texts, "r", texts.get), tables)
            again = None if any(map(links.is_configuration, came + went + changed)) else links.whose(came + went)
            for path, file in tables.files().items():
                if again is None or file.id in again or path in came or path in changed:
                    known[path] = links.targets(path, file)
            known = {path: known[path] for path in texts}
            assert known == everything
    finally:
        store.close()


def test_a_new_module_costs_only_those_that_may_mean_it(tables: Tables) -> None:
    links = Links(tables, FILES, "r", FILES.get)
    ids = {path: file.id for path, file in tables.files().items()}
    links.added("app/quite_new.py")
    assert links.whose(["app/quite_new.py"]) == set()
    links.added("elsewhere/shop.py")
    assert links.whose(["elsewhere/shop.py"]) == {ids["app/cart.py"]}
    links.added("web/index.ts")
    assert links.whose(["web/index.ts"]) is None
    assert links.whose([f"f{number}.py" for number in range(60)]) is None


def test_what_may_be_meant_without_its_name_costs_all(tables: Tables) -> None:
    for path in ("app/cart.py", "web/a.ts"):  # folders that are called like files
        with_folder = Links(tables, [*FILES, f"{path.partition('.')[0]}/inside.py"], "r", FILES.get)
        assert with_folder.whose([path]) is None
    links = Links(tables, FILES, "r", FILES.get)
    for path in ("x/__init__.py", "x/main.js", "x/index.d.ts", "x/init.lua", "x/.ts", "x/lib.py"):
        assert links.whose([path]) is None, path
    assert links.whose(["x/main.py"]) == set()
    assert links.is_configuration("web/lib.json")
    assert not links.is_configuration("web/other.json")


def test_packages_are_looked_up_again_as_a_whole(tables: Tables) -> None:
    written = {"r/src/a.rs": "rust", "j/A.java": "java", "g/a.go": "go", "k/A.cs": "csharp"}
    for path in written:
        tables.put(path, 1, 1, analyse(path, ""))
    tables.finish()
    links = Links(tables, [*FILES, *written], "r", FILES.get)
    ids = {path: file.id for path, file in tables.files().items()}
    for come, again in (("r/src/z.rs", "r/src/a.rs"), ("j/Z.kt", "j/A.java"), ("k/Z.cs", "k/A.cs")):
        assert links.whose([come]) == {ids[again], ids["g/a.go"]}

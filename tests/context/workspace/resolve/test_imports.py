"""What holds for every language's lookup."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.languages.grammars import GRAMMARS
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import MAX_FILES, resolve

LANGUAGES = [grammar.name for grammar in GRAMMARS]
ENDINGS = ["py", "pyi", "ts", "d.ts", "js", "go", "rs", "java", "kt", "cs", "h", "c", "php", "rb", "lua", "swift", "sh"]
CONFIGS = ["tsconfig.json", "package.json", "go.mod", "Cargo.toml", "pyproject.toml", "composer.json"]
WORDS = ["a", "b", "src", "lib", "index", "mod", "A", "__init__", "main", "Sources", "tests"]

names = st.sampled_from(WORDS)
files_ = st.tuples(st.lists(names, max_size=3), names, st.sampled_from(ENDINGS)).map(
    lambda parts: "/".join((*parts[0], f"{parts[1]}.{parts[2]}"))
)
configs = st.tuples(st.lists(names, max_size=1), st.sampled_from(CONFIGS)).map(lambda p: "/".join((*p[0], p[1])))
separators = st.sampled_from([".", "/", "::", "\\", "..", "../", "./", "@", "#", "*", "\0", "é"])
modules = st.lists(names | separators, max_size=7).map("".join) | st.text(max_size=20)
CONFIG_TEXTS = [
    '{"compilerOptions": {"baseUrl": "..", "paths": {"*": ["../../*", "src/*"], "a*b": 1}}, '
    '"extends": "./tsconfig.json"}',
    '{"name": "a", "main": "../../etc", "exports": {"./*": {"default": "./*.ts"}}, "imports": {"#*": "./../*"}}',
    '{"autoload": {"psr-4": {"A": "..", "": "../../x"}}}',
    "module a/b\n",
    '[package]\nname = "a"\n[lib]\npath = "../../a.rs"\n[tool.setuptools.package-dir]\na = "../.."\n',
    "[[[",
    "",
]


@given(
    paths=st.lists(files_ | configs, min_size=1, max_size=25),
    text=st.sampled_from(CONFIG_TEXTS),
    language=st.sampled_from(LANGUAGES),
    module=modules,
    taken=st.lists(names | st.sampled_from(["*", "default", "", "../a", "\0"]), max_size=3),
    system=st.booleans(),
)
def test_nothing_is_raised_and_only_other_files_of_the_workspace_are_named(
    paths: list[str], text: str, language: str, module: str, taken: list[str], system: bool
) -> None:
    one = Import(module, tuple(taken), tuple(taken), 0, system)
    mixed = random.Random(len(module)).sample(paths, len(paths))
    for from_path in (paths[0], "elsewhere/new.py", "top"):
        found = resolve(one, from_path, language, FileNames(paths, lambda _: text, "a"))
        assert len(found) == len(set(found)) <= MAX_FILES
        assert set(found) <= set(paths) - {from_path}
        # The order in which files were found says nothing.
        assert found == resolve(one, from_path, language, FileNames(mixed, lambda _: text, "a"))


@pytest.mark.parametrize(
    ("language", "module", "folder", "ending"),
    [
        ("go", "m.org/p", "p", "go"),
        ("java", "p", "p", "java"),
        ("swift", "P", "Sources/P", "swift"),
        ("csharp", "P", "P", "cs"),
    ],
)
def test_a_whole_package_is_cut(language: str, module: str, folder: str, ending: str) -> None:
    paths = [f"{folder}/f{number:02}.{ending}" for number in range(50)]
    files = FileNames([*paths, "go.mod"], lambda _: "module m.org\n")
    assert resolve(Import(module, ("*",), ("*",)), f"x.{ending}", language, files) == tuple(paths[:MAX_FILES])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_is_too_long(language: str) -> None:
    files = FileNames(["a.py", "a/__init__.py"])
    for module in ("a." * 500, "a/" * 10_000, "a::" * 300, "." * 900, "../" * 300, ""):
        assert resolve(Import(module, ("b",), ("b",)), "a.py", language, files) in ((), ("a/__init__.py",))

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.workspace.resolve.configs import parse_json
from mellum_ls.context.workspace.resolve.file_names import FileNames, ancestors, join, nearest, parent, stem

PATHS = ["a.py", "a/b.py", "a/b/c.py", "a/b/d.test.ts", "e/b/c.py", "e/.env", "ea/b/c.py"]


def test_lookups() -> None:
    files = FileNames(PATHS)
    assert len(files) == 7
    assert files.has("a/b.py")
    assert not files.has("a/b")
    assert not files.has("")
    assert files.has_folder("a/b")
    assert files.has_folder("")
    assert not files.has_folder("a.py")
    assert files.under("a/b") == ["a/b/c.py", "a/b/d.test.ts"]
    assert files.under("") == ["a.py"]
    assert files.under("nowhere") == []
    assert files.below("a", 9) == ["a/b.py", "a/b/c.py", "a/b/d.test.ts"]
    assert files.below("a", 2) == ["a/b.py", "a/b/c.py"]
    assert files.below("nowhere", 2) == []
    assert files.with_stem("c") == ["a/b/c.py", "e/b/c.py", "ea/b/c.py"]
    assert files.with_stem("d.test") == ["a/b/d.test.ts"]
    assert files.with_stem(".env") == ["e/.env"]
    assert files.ending("a/b/c.py") == ["a/b/c.py"]
    assert files.ending("b/c.py") == ["a/b/c.py", "e/b/c.py", "ea/b/c.py"]
    assert files.folders_ending("b") == ["a/b", "e/b", "ea/b"]
    assert files.folders_ending("a/b") == ["a/b"]


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "../a", "a/./b", "a/.."])
def test_what_can_be_no_file_of_the_workspace_is_not_put_in(path: str) -> None:
    files = FileNames()
    assert not files.add(path)
    assert len(files) == 0
    assert not files.has(path)


names = st.sampled_from(["a", "b", "c.py", "d.py", "__init__.py"])
some_paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(st.lists(st.tuples(st.booleans(), some_paths), max_size=30))
def test_what_came_and_went_leaves_what_a_new_set_has(changes: list[tuple[bool, str]]) -> None:
    files, kept = FileNames(), set[str]()
    for comes, path in changes:
        if comes:
            assert files.add(path)
            kept.add(path)
        else:
            files.remove(path)
            kept.discard(path)
    fresh = FileNames(random.Random(1).sample(sorted(kept), len(kept)))
    assert len(files) == len(fresh) == len(kept)
    every = {path for _, path in changes}
    for path in every | {folder for each in every for folder in ancestors(each)}:
        assert files.has(path) == (path in kept)
        assert files.has_folder(path) == fresh.has_folder(path)
        assert files.under(path) == fresh.under(path)
        assert files.below(path, 99) == fresh.below(path, 99)
        assert files.ending(path) == fresh.ending(path)
        assert files.folders_ending(path) == fresh.folders_ending(path)
        assert files.with_stem(stem(path)) == fresh.with_stem(stem(path))


def test_paths() -> None:
    assert [parent("a/b/c"), parent("a"), parent("")] == ["a/b", "", ""]
    assert [stem("a/x.test.ts"), stem(".env"), stem("a.b/Makefile")] == ["x.test", ".env", "Makefile"]
    assert list(ancestors("a/b/c.py")) == ["a/b", "a", ""]
    assert list(ancestors("")) == []
    assert [join("a/b", "../c"), join("", "./x/"), join("a", ".."), join("a", "../../b")] == ["a/c", "x", "", None]
    # Nothing that is written in an import leads to a path of the machine.
    assert join("a", "/etc/passwd") == "a/etc/passwd"


def test_the_nearest_shares_most_folders_and_then_is_the_least_deep() -> None:
    paths = ["z.py", "a/x/y/z.py", "a/z.py", "b/z.py", "a/b/z.py", "ab/z.py"]
    assert nearest(paths, "a/b/c.py") == ["a/b/z.py", "a/z.py", "a/x/y/z.py", "z.py", "ab/z.py", "b/z.py"]


def test_a_configuration_is_read_once_until_it_changes() -> None:
    texts = {"package.json": '{"name": "one"}'}
    asked: list[str] = []

    def reader(path: str) -> str | None:
        asked.append(path)
        return texts.get(path)

    files = FileNames(texts, reader)
    for _ in range(3):
        assert files.config("package.json", parse_json) == {"name": "one"}
        assert files.config("other.json", parse_json) is None
    assert asked == ["package.json"]
    texts["package.json"] = '{"name": "two"}'
    files.add("package.json")
    assert files.config("package.json", parse_json) == {"name": "two"}
    files.remove("package.json")
    assert files.config("package.json", parse_json) is None


@pytest.mark.parametrize("text", ["", "[1", "[" * 100_000, '{"a": "' + "x" * 500_000 + '"}', "\0"])
def test_a_configuration_without_sense_is_none(text: str) -> None:
    assert FileNames(["a.json"], lambda _: text).config("a.json", parse_json) is None


def test_what_is_derived_is_computed_anew_after_a_change() -> None:
    files = FileNames(["a"])
    assert files.derived(len) == files.derived(len) == 1
    files.add("b")
    assert files.derived(len) == 2
    files.remove("a")
    assert files.derived(len) == 1

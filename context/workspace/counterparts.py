"""Files that belong together by their names: a test and what it tests, a header and its source. Opens no file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mellum_ls.context.workspace.resolve.file_names import FileNames, nearest, parent, stem

MAX_COUNTERPARTS = 4

# How tests are called, by the ending of their files: pieces before and behind the name of what is tested.
_TEST_NAMES = {
    "py": ("test_*", "*_test", "*_tests", "tests_*"),
    "js jsx mjs cjs ts tsx mts cts vue svelte": ("*.test", "*.spec", "*-test", "*-spec", "*_test", "*.unit", "*.e2e"),
    "go": ("*_test",),
    "rs": ("*_test", "*_tests", "test_*"),
    "java kt kts scala groovy": ("*Test", "*Tests", "*Spec", "*IT", "Test*", "*Suite"),
    "cs": ("*Tests", "*Test", "*Specs"),
    "rb rake": ("*_spec", "*_test", "test_*"),
    "php": ("*Test",),
    "c h cc cpp cxx hh hpp hxx": ("*_test", "*_unittest", "test_*", "*Test", "*_tests"),
    "swift": ("*Tests", "*Test", "*Spec"),
    "lua": ("*_spec", "test_*", "*_test"),
}
_FAMILY = {ending: family for family in _TEST_NAMES for ending in family.split()}
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs", "testing", "t", "e2e"})
# Names that so many files bear that only the folder says which is meant.
_SHARED = frozenset({"__init__", "index", "main", "mod", "lib", "util", "utils", "types", "conftest", "setup", "doc"})
_HEADERS = ("h", "hh", "hpp", "hxx", "inl", "ipp")
_IMPLEMENTATIONS = ("c", "cc", "cpp", "cxx", "m", "mm")


def counterparts(path: str, files: FileNames, limit: int = MAX_COUNTERPARTS) -> tuple[str, ...]:
    """The files that belong to the file at `path` (which need not exist), the likeliest first, at most `limit`.

    A header's source comes before its tests. Equal names give equal answers.
    """
    name, ending = stem(path), path.rpartition(".")[2].lower()
    found = _headers_and_sources(path, name, ending, files)
    if ending in _FAMILY:
        tested = _tested(name, ending)
        if tested:
            found += _sources_of(path, tested, ending, files)
        elif name not in _SHARED and _in_test_folder(path):
            found += _sources_of(path, [name], ending, files)
        else:
            found += _tests_of(path, name, ending, files)
    return tuple([each for each in dict.fromkeys(found) if each != path][:limit])


def is_test(path: str) -> bool:
    """Whether a file is a test by its name or its folder."""
    name, ending = stem(path), path.rpartition(".")[2].lower()
    return _in_test_folder(path) or (ending in _FAMILY and bool(_tested(name, ending)))


def _headers_and_sources(path: str, name: str, ending: str, files: FileNames) -> list[str]:
    others = _IMPLEMENTATIONS if ending in _HEADERS else _HEADERS if ending in _IMPLEMENTATIONS else ()
    return _near([each for each in files.with_stem(name) if each.rpartition(".")[2].lower() in others], path)


def _tested(name: str, ending: str) -> list[str]:
    """What a test of this name may test; empty for a name that no test has."""
    names = []
    for pattern in _TEST_NAMES[_FAMILY[ending]]:
        before, _, behind = pattern.partition("*")
        inside = name[len(before) : len(name) - len(behind)]
        # `Testament` tests no `ament`, and `latest` is no test: a capital or a separator divides.
        divided = not before[-1:].isalpha() or inside[:1].isupper()
        if inside and divided and name.startswith(before) and name.endswith(behind):
            names.append(inside)
    return names


def _sources_of(path: str, names: Iterable[str], ending: str, files: FileNames) -> list[str]:
    candidates = [
        each
        for name in names
        for each in files.with_stem(name)
        if _related(each, ending) and not is_test(each) and (name not in _SHARED or _mirrored(each, path) > 0)
    ]
    found = _near(candidates, path)
    # `tests/test_parsing.py` may test a whole package `parsing`.
    for name in names:
        if not found and ending == "py":
            found += _near([f for f in files.ending(f"{name}/__init__.py") if not is_test(f)], path)
    return found


def _tests_of(path: str, name: str, ending: str, files: FileNames) -> list[str]:
    candidates = [
        each
        for pattern in _TEST_NAMES[_FAMILY[ending]]
        for each in files.with_stem(pattern.replace("*", name))
        if _related(each, ending)
    ]
    candidates += [each for each in files.with_stem(name) if _related(each, ending) and _in_test_folder(each)]
    if name in _SHARED:
        candidates = [each for each in candidates if _mirrored(each, path) > 0]
    return _near(candidates, path)


def _related(path: str, ending: str) -> bool:
    return _FAMILY.get(path.rpartition(".")[2].lower()) == _FAMILY[ending]


def _in_test_folder(path: str) -> bool:
    return not _TEST_FOLDERS.isdisjoint(parent(path).lower().split("/"))


def _near(paths: Iterable[str], path: str) -> list[str]:
    """Files in mirrored folders first (`src/a/b.py`, `tests/a/test_b.py`), then those that are near."""
    return sorted(nearest(set(paths), path), key=lambda each: -_mirrored(each, path))


def _mirrored(one: str, other: str) -> int:
    """How many of the innermost folders of two files are called alike, those that are only for tests left out."""
    mine, theirs = (
        [re.sub(r"[._-]?tests?$", "", part) for part in parent(path).split("/") if part.lower() not in _TEST_FOLDERS]
        for path in (one, other)
    )
    count = 0
    while count < min(len(mine), len(theirs)) and mine[-1 - count] == theirs[-1 - count] != "":
        count += 1
    return count

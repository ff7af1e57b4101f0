import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.privacy.wildmatch import Patterns

CASES = [
    (b"*.log\n!logs/x.log", "logs/x.log", False),
    (b"b\n!/a", "a/b", True),
    (b"*.log\n!logs/", "logs/x.log", True),
    (b"[[:digit:]]x", "1x", True),
    (b"[[:digit:]]x", "dx", None),
    (b"[[:nonsense:]]x", "1x", None),
    (b"a\\\n*.key", "x.key", True),
    (b"x[\\]]", "x]", True),
    (b"foo\t", "foo", None),
    (b"foo  ", "foo", True),
    (b"foo\\ ", "foo ", True),
    (b"foo\\\\ ", "foo\\", True),
    (b"a**b", "a/b", None),
    (b"/a/**/b", "a/b", True),
    (b"/a/**/b", "a/x/y/b", True),
    (b"a/**", "a/x", True),
    (b"a/**b", "a/x/b", None),
    (b"x/a**/b", "x/a/y/b", True),
    (b"[a", "[a", None),
    (b"[z-a]\nq", "q", True),
    (b"[!b-d]", "a", True),
    (b"[^b-d]", "c", None),
    (b"x?", "x\u00e9", None),
    (b"\xef\xbb\xbffoo\r\nbar\r\n", "bar", True),
    (b"\\#a\n\\!b", "#a", True),
    (b"#a", "#a", None),
    (b"\\!b", "!b", True),
    (b"a/b", "c/a/b", None),
    (b"doc/*.txt", "doc/a.txt", True),
    (b"doc/*.txt", "doc/x/a.txt", None),
    (b"/", "a", None),
    (b"", "a", None),
]


@pytest.mark.parametrize(("text", "path", "expected"), CASES)
def test_a_path_is_judged_by_the_last_line_that_speaks_of_it(text: bytes, path: str, expected: bool | None) -> None:
    assert Patterns(text).excludes(os.fsencode(path), is_folder=False) is expected


def test_a_slash_at_the_end_means_folders() -> None:
    assert Patterns(b"a/").excludes(b"a", is_folder=True) is True
    assert Patterns(b"a/").excludes(b"a", is_folder=False) is None


def test_negation_and_case_are_switched() -> None:
    assert Patterns(b"*.a\n!x.a", negation=False).excludes(b"x.a", is_folder=False) is True
    assert Patterns(b"Build").excludes(b"build", is_folder=True) is None
    assert Patterns(b"Build", ignore_case=True).excludes(b"build", is_folder=True) is True
    assert len(Patterns(b"# nothing\n\n  \n")) == 0


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=10))
def test_any_bytes_are_patterns(text: bytes, path: bytes) -> None:
    assert Patterns(text).excludes(path, is_folder=False) in (True, False, None)


@pytest.mark.timeout(20)
def test_no_pattern_takes_forever() -> None:
    assert Patterns(b"*a" * 40 + b"b").excludes(b"a" * 250, is_folder=False) is None
    assert Patterns(b"**/a/" * 20 + b"b").excludes(b"a/" * 500 + b"c", is_folder=False) is None
    assert Patterns(b"**/*a*/" * 20 + b"b").excludes(b"aaa/" * 500 + b"c", is_folder=False) is None


PIECES = st.sampled_from([*"abx*?/!-[]^\\ .#", "**", "/**/", "a/", "[a-b]", "[!a]", "[[:alpha:]]", "\\*", "\t"])
LINES = st.lists(st.lists(PIECES, min_size=1, max_size=6).map("".join), min_size=1, max_size=4)
NAMES = [
    f"{first}{second}"
    for first in ("", "a/", "b/", "a/b/")
    for second in ("a", "b", "ab", "x.a", "aab", "a*", "[a", "!a")
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds none of the files: git then takes a path for a file unless it ends with a slash."""
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_a_file_of_patterns_says_what_git_says(repository: Path, lines: list[str]) -> None:
    (repository / ".gitignore").write_text("\n".join(lines), encoding="utf-8", newline="\n")
    asked = "\0".join(NAMES).encode()
    command = [
        "git",
        "-C",
        str(repository),
        "-c",
        "core.excludesFile=/dev/null",
        "check-ignore",
        "-z",
        "--stdin",
        "-vn",
    ]
    answer = subprocess.run(command, input=asked, stdout=subprocess.PIPE, check=False).stdout.decode()
    fields = answer.split("\0")[:-1]
    expected = {
        path: (not pattern.startswith("!")) if pattern else None
        for pattern, path in zip(fields[2::4], fields[3::4], strict=True)
    }
    patterns = Patterns("\n".join(lines).encode())

    def judged(path: str) -> bool | None:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if patterns.excludes("/".join(parts[:depth]).encode(), is_folder=True):
                return True
        return patterns.excludes(path.encode(), is_folder=False)

    assert {path: judged(path) for path in NAMES} == expected

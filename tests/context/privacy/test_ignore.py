import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mellum_ls.context.privacy.ignore import IGNORE_FILES, OTHERS, Ignore, global_excludes


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def ignoring(root: Path, **more: object) -> Ignore:
    return Ignore(root, **{"find_global": lambda _: None, "ignore_case": False, **more})  # type: ignore[arg-type]


def repository(root: Path) -> None:
    subprocess.run(["git", "init", "-q", root], check=True)


def test_a_plain_folder_has_git_rules_as_well(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.log\n!keep.log\n", "web/.gitignore": "/dist\n"})
    ignore = ignoring(tmp_path)
    assert ignore.refuses("a.log") == "is ignored by .gitignore"
    assert ignore.refuses("web/dist/x.js") == "is ignored by web/.gitignore"
    assert ignore.refuses("web/dist", is_folder=True) == "is ignored by web/.gitignore"
    assert ignore.refuses("keep.log") is None
    assert ignore.refuses("dist/x.js") is None


def test_an_ignored_folder_is_not_opened_again_from_inside(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "out\n", "out/.gitignore": "!*\n", "out/x.py": ""})
    assert ignoring(tmp_path).refuses("out/x.py") == "is ignored by .gitignore"


@pytest.mark.parametrize("name", OTHERS)
def test_any_one_file_of_the_assistants_excludes(tmp_path: Path, name: str) -> None:
    write(tmp_path, {".gitignore": "!*.sql\n", f"db/{name}": "*.sql\n", "db/deep/x.sql": ""})
    ignore = ignoring(tmp_path)
    assert ignore.refuses("db/deep/x.sql") == f"is ignored by db/{name}"
    assert ignore.refuses("x.sql") is None


def test_what_one_excludes_no_other_takes_back(tmp_path: Path) -> None:
    write(tmp_path, {".cursorignore": "*.a\n!x.a\n", ".continueignore": "!*.a\n", ".aiexclude": "*.b\n!x.b\n"})
    ignore = ignoring(tmp_path)
    assert ignore.refuses("y.a") == "is ignored by .cursorignore"
    assert ignore.refuses("x.a") is None
    assert ignore.refuses("x.b") == "is ignored by .aiexclude"


def test_an_empty_aiexclude_closes_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a/.aiexclude": "", "b/.cursorignore": "", "a/b/x.py": "", "b/x.py": ""})
    ignore = ignoring(tmp_path)
    assert ignore.refuses("a/b/x.py") == "lies below a/.aiexclude, which is empty"
    assert ignore.refuses("b/x.py") is None


def test_the_lists_of_the_repository_and_of_the_user_count_less(tmp_path: Path) -> None:
    repository(tmp_path)
    write(tmp_path, {".git/info/exclude": "*.x\n!b.y\n", ".gitignore": "!a.x\n", "excludes": "*.y\n*.x\n"})
    ignore = ignoring(tmp_path, find_global=lambda _: tmp_path / "excludes")
    assert ignore.refuses("b.x") == "is ignored by the repository's info/exclude"
    assert ignore.refuses("a.y") == "is ignored by git's excludes of this user"
    assert ignore.refuses("a.x") is None
    assert ignore.refuses("b.y") is None


def test_a_working_tree_and_a_submodule_have_their_lists_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, {"main/.git/HEAD": "", "main/.git/info/exclude": "*.x\n"})
    write(tmp_path, {"main/.git/worktrees/w/HEAD": "", "main/.git/worktrees/w/commondir": "../..\n"})
    write(tmp_path, {"w/.git": f"gitdir: {tmp_path}/main/.git/worktrees/w\n"})
    assert ignoring(tmp_path / "w").refuses("a.x") == "is ignored by the repository's info/exclude"
    write(tmp_path, {"main/.git/modules/m/HEAD": "", "main/.git/modules/m/info/exclude": "*.z\n"})
    write(tmp_path, {"main/m/.git": "gitdir: ../.git/modules/m\n"})
    assert ignoring(tmp_path / "main").refuses("m/a.z") == "is ignored by the repository's info/exclude"
    assert ignoring(tmp_path / "main").refuses("m/a.x") is not None


def test_a_subfolder_obeys_what_lies_above_it_in_its_repository(tmp_path: Path) -> None:
    repository(tmp_path)
    write(tmp_path, {".gitignore": "/app/gen\n*.log\n", "app/a.py": "", ".aiexclude": "/app/private\n"})
    ignore = ignoring(tmp_path / "app")
    assert ignore.refuses("gen/x.py") == "is ignored by ../.gitignore"
    assert ignore.refuses("private/x.py") == "is ignored by ../.aiexclude"
    assert ignore.refuses("a.py") is None
    assert ignore.refuses("") is None


def test_a_folder_that_was_opened_although_it_is_ignored_is_judged_alone(tmp_path: Path) -> None:
    repository(tmp_path)
    write(tmp_path, {".gitignore": "*\n", "work/app/.gitignore": "*.log\n", "work/.aiexclude": "/app/x\n"})
    ignore = ignoring(tmp_path / "work" / "app")
    assert ignore.refuses("a.py") is None
    assert ignore.refuses("a.log") == "is ignored by .gitignore"
    assert ignore.refuses("x/a.py") == "is ignored by ../.aiexclude"
    write(tmp_path, {"work/.aiexclude": "app\n"})
    assert ignoring(tmp_path / "work" / "app").refuses("a.py") == "is ignored by ../.aiexclude"


def test_a_changed_file_counts_after_a_while_or_at_once_when_told(tmp_path: Path) -> None:
    now = [0.0]
    write(tmp_path, {".gitignore": "a\n", "d/x": ""})
    ignore = ignoring(tmp_path, clock=lambda: now[0])
    assert ignore.refuses("d/b") is None
    write(tmp_path, {"d/.gitignore": "b\n"})
    assert ignore.refuses("d/b") is None
    now[0] += 2
    assert ignore.refuses("d/b") == "is ignored by d/.gitignore"
    (tmp_path / "d" / ".gitignore").unlink()
    ignore.forget()
    assert ignore.refuses("d/b") is None


def test_a_file_that_cannot_be_read_closes_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a/.mellumignore": "x" * 1_000_001, "b/.cursorignore/x": "", "c/x": ""})
    os.mkfifo(tmp_path / "c" / ".gitignore")
    ignore = ignoring(tmp_path)
    assert ignore.refuses("a/y.py") == "lies below a/.mellumignore, which cannot be read"
    assert ignore.refuses("c/y.py") == "lies below c/.gitignore, which cannot be read"
    assert ignore.refuses("b/y.py") is None


def test_a_link_counts_where_git_does_not_say_otherwise(tmp_path: Path) -> None:
    write(tmp_path, {"rules": "*.x\n"})
    (tmp_path / ".gitignore").symlink_to("rules")
    assert ignoring(tmp_path).refuses("a.x") is None
    (tmp_path / ".cursorignore").symlink_to("rules")
    assert ignoring(tmp_path).refuses("a.x") == "is ignored by .cursorignore"


def test_the_users_list_is_found_as_git_finds_it(tmp_path: Path) -> None:
    repository(tmp_path)
    subprocess.run(["git", "-C", tmp_path, "config", "core.excludesFile", "~/my excludes"], check=True)
    assert global_excludes(tmp_path) == Path.home() / "my excludes"
    subprocess.run(["git", "-C", tmp_path, "config", "core.excludesFile", ""], check=True)
    assert global_excludes(tmp_path) is None
    assert (global_excludes(tmp_path / "gone") or Path()).parts[-2:] == ("git", "ignore")


FOLDERS = ("", "a/", "a/b/", "b/", "a/b/a/")
NAMES = [folder + name for folder in FOLDERS for name in ("x", "y.log", "ab")]
PATTERN = st.lists(st.sampled_from([*"abxy*!/", "**/", ".log", "a/", "/b", "*", "b/"]), min_size=1, max_size=4).map(
    "".join
)
TREE = st.dictionaries(st.sampled_from(FOLDERS), st.lists(PATTERN, min_size=1, max_size=3), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREE, st.lists(PATTERN, max_size=2), st.lists(PATTERN, max_size=2))
def test_a_tree_is_judged_as_git_judges_it(
    tmp_path: Path, tree: dict[str, list[str]], excludes: list[str], of_user: list[str]
) -> None:
    if not (tmp_path / ".git").exists():
        repository(tmp_path)
        write(tmp_path, dict.fromkeys(NAMES, ""))
    for folder in FOLDERS:
        (tmp_path / folder / ".gitignore").unlink(missing_ok=True)
    lists = {f"{folder}.gitignore": lines for folder, lines in tree.items()}
    lists |= {".git/info/exclude": excludes, ".git/of_user": of_user}
    write(tmp_path, {name: "\n".join(lines) for name, lines in lists.items()})
    of_user_file = tmp_path / ".git" / "of_user"
    command = ["git", "-C", tmp_path, "-c", f"core.excludesFile={of_user_file}", "check-ignore", "-z", "--stdin"]
    said = subprocess.run(command, input="\0".join(NAMES).encode(), stdout=subprocess.PIPE, check=False).stdout.decode()
    ignore = ignoring(tmp_path, find_global=lambda _: of_user_file)
    assert {name for name in NAMES if ignore.refuses(name)} == set(said.split("\0")[:-1])


def test_every_kind_of_file_has_its_own_name() -> None:
    assert len(set(IGNORE_FILES)) == len(IGNORE_FILES) == 9


def test_an_ignore_file_that_comes_into_an_old_folder_is_seen(tmp_path: Path) -> None:
    now = [0.0]
    ignore = Ignore(tmp_path, find_global=lambda _: None, clock=lambda: now[0])
    os.utime(tmp_path, (1_000_000_000, 1_000_000_000))
    for _ in range(3):
        assert ignore.refuses("a.py") is None
        now[0] += 2.5
    (tmp_path / ".aiignore").write_text("a.py\n")
    assert ignore.refuses("a.py") == "is ignored by .aiignore"


def test_a_folder_that_was_written_to_just_now_is_looked_into_again(tmp_path: Path) -> None:
    """Two changes within one tick of the file system's clock leave the same time behind."""
    now = [0.0]
    ignore = Ignore(tmp_path, find_global=lambda _: None, clock=lambda: now[0])
    (tmp_path / "b.py").write_text("")
    written = tmp_path.stat().st_mtime_ns
    assert ignore.refuses("a.py") is None
    (tmp_path / ".aiignore").write_text("a.py\n")
    os.utime(tmp_path, ns=(written, written))
    now[0] += 2.5
    assert ignore.refuses("a.py") == "is ignored by .aiignore"

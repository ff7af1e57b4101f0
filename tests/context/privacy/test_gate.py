import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.privacy.gate import Gate


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def gate_of(root: Path, *exclude: str, now: list[float] | None = None) -> Gate:
    clock = (lambda: now[0]) if now is not None else (lambda: 0.0)
    return Gate(root, exclude, find_global=lambda _: None, clock=clock)


def test_each_judge_is_heard_and_says_why(tmp_path: Path) -> None:
    write(
        tmp_path, {".gitignore": "/gen\n", "db/.cursorignore": "*.sql\n", "lib/pyvenv.cfg": "", "tmp/CACHEDIR.TAG": ""}
    )
    gate = gate_of(tmp_path, "legal/", "*.draft.md")
    said = {
        "src/app.py": None,
        ".env": "holds environment values",
        "gen/x.py": "is ignored by .gitignore",
        "db/x.sql": "is ignored by db/.cursorignore",
        "legal/deep/x.py": "is excluded by the settings",
        "a.draft.md": "is excluded by the settings",
        "yarn.lock": "is a list of locked versions",
        "node_modules/a/b.js": "lies in a folder of installed packages",
        "lib/x.py": "lies in a virtual environment",
        "tmp/deep/x.py": "lies in a folder of a cache",
        "../x.py": "lies outside the workspace",
        "/etc/hosts": "lies outside the workspace",
        "a/../x.py": "lies outside the workspace",
        "a//x.py": "lies outside the workspace",
        "./x.py": "lies outside the workspace",
        "a\0b": "lies outside the workspace",
        "": "lies outside the workspace",
    }
    assert {path: gate.refuses(path) for path in said} == said


def test_an_open_file_that_is_only_noise_is_not_private(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "/gen\n", "lib/pyvenv.cfg": ""})
    gate = gate_of(tmp_path)
    assert gate.private("build/x.py") is None
    assert gate.private("lib/x.csv") is None
    assert gate.private("build/.env") == "holds environment values"
    assert gate.private("gen/x.py") == "is ignored by .gitignore"


def test_folders_are_refused_before_their_files(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "/gen\n", "src/x.py": ""})
    gate = gate_of(tmp_path, "legal/")
    assert gate.refuses_folder("gen") == "is ignored by .gitignore"
    assert gate.refuses_folder("legal") == "is excluded by the settings"
    assert gate.refuses_folder("a/node_modules/b") == "lies in a folder of installed packages"
    assert gate.refuses_folder("..") == "lies outside the workspace"
    assert gate.refuses_folder("src") is None
    assert gate.refuses_folder("") is None


def test_a_link_is_judged_by_where_it_leads_as_well(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(
        tmp_path,
        {
            "root/.env": "",
            "root/a.py": "",
            "root/gen/x.py": "",
            "root/.gitignore": "gen/\n",
            "far/x.py": "",
            "root/sub/b.py": "",
        },
    )
    links = {
        "open": ".env",
        "a2.py": "a.py",
        "g.py": "gen/x.py",
        "far.py": "../far/x.py",
        "farther": "../far",
        "s": "sub",
    }
    links |= {
        "loop": "loop",
        "gone.py": "nothing.py",
        "self": ".",
        "node_modules": "sub",
        ".env.link": "a.py",
        "g": "gen",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    gate = gate_of(root)
    said = {
        "open": "is a link to what holds environment values",
        ".env.link": "holds environment values",
        "g.py": "is a link to what is ignored by .gitignore",
        "g/x.py": "is a link to what is ignored by .gitignore",
        "far.py": "is a link to what lies outside the workspace",
        "farther/x.py": "lies outside the workspace, where a link leads",
        "farther/deeper/x.py": "lies outside the workspace, where a link leads",
        "node_modules/b.py": "lies in a folder of installed packages",
        "self/.env": "holds environment values",
        "a2.py": None,
        "s/b.py": None,
        "self/a.py": None,
        "self/self/sub/b.py": None,
        "gone.py": None,
    }
    assert {path: gate.refuses(path) for path in said} == said
    assert gate.refuses_folder("farther") == "lies outside the workspace, where a link leads"


def test_a_root_that_is_a_link_is_its_target(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.py": "", "real/.gitignore": "b.py\n"})
    (tmp_path / "link").symlink_to("real")
    gate = gate_of(tmp_path / "link")
    assert gate.root == (tmp_path / "real").resolve()
    assert gate.refuses("a.py") is None
    assert gate.refuses("b.py") == "is ignored by .gitignore"


def test_a_change_is_seen_when_told_and_otherwise_after_a_while(tmp_path: Path) -> None:
    now = [0.0]
    write(tmp_path, {"a/x.py": "", ".git/HEAD": "", ".git/info/exclude": ""})
    gate = gate_of(tmp_path, now=now)
    assert gate.refuses("a/x.py") is None
    write(tmp_path, {"a/.gitignore": "x.py\n"})
    assert gate.refuses("a/x.py") is None
    gate.changed("a/x.py")
    assert gate.refuses("a/x.py") is None
    gate.changed("a/.gitignore")
    assert gate.refuses("a/x.py") == "is ignored by a/.gitignore"
    (tmp_path / "a" / ".gitignore").unlink()
    now[0] += 2
    assert gate.refuses("a/x.py") is None
    write(tmp_path, {".git/info/exclude": "a\n"})
    gate.changed(".git/info/exclude")
    assert gate.refuses("a/x.py") == "is ignored by the repository's info/exclude"
    write(tmp_path, {"b/x.py": ""})
    assert gate.refuses("b/x.py") is None
    write(tmp_path, {"b/pyvenv.cfg": ""})
    gate.changed("b/pyvenv.cfg")
    assert gate.refuses("b/x.py") == "lies in a virtual environment"


def test_ten_thousand_files_are_judged_quickly(tmp_path: Path) -> None:
    lines = [f"/only{n}/*.txt\n*.end{n}\nname{n}/\n" for n in range(100)]
    write(tmp_path, {".gitignore": "".join(lines), "a/.gitignore": "*.o\n", ".cursorignore": "*.sql\n"})
    paths = [f"a/b{n % 100}/c{n % 1000}/file{n}.py" for n in range(10_000)]
    gate = gate_of(tmp_path)
    began = time.process_time()
    assert not any(map(gate.refuses, paths))
    # Measured 0.9 s on a busy machine, with 1,100 folders; the limit is loose for busier ones.
    assert time.process_time() - began < 5


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    root = tmp_path_factory.mktemp("root")
    write(root, {"a/b/x.py": "", ".gitignore": "b\n"})
    return gate_of(root)


@given(st.one_of(st.text(max_size=30), st.binary(max_size=20).map(os.fsdecode), st.text("ab/.\\\0", max_size=12)))
def test_any_path_is_judged(gate: Gate, path: str) -> None:
    assert gate.refuses(path) is None or gate.refuses(path)
    assert gate.refuses_folder(path) is None or gate.refuses_folder(path)

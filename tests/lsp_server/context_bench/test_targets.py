from pathlib import Path

import pytest

from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.lsp_server.context_bench.sources import Sources
from mellum_ls.lsp_server.context_bench.targets import Reader, Target
from tests.fakes.two_releases import NEW, OLD, TILL_AFTER, write


def target_of(tmp_path: Path, path: str, line: str, old: dict[str, str] = OLD, new: dict[str, str] = NEW) -> Target:
    before, after = Sources.read(write(tmp_path / "old", old)), Sources.read(write(tmp_path / "new", new))
    reader = Reader(after.files[path], before, after, FileNames({**before.files, **after.files}))
    return reader.target([text.strip() for text in after.files[path].text.split("\n")].index(line))


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("self.shelf.take_down(name)", "inproject", "take_down"),
        ("left = count_all(self.shelf)", "inproject", "count_all"),
        ("self.money += with_tax(price)", "committed", "with_tax"),
        ("def open_till() -> Till:", "infile", ""),
        ('path = os.path.join("a", "b")', "common", ""),
        ("import os", "common", ""),
        ("from shop.tax import with_tax", "common", ""),
    ],
)
def test_lines_are_told_apart_by_where_their_names_are_defined(tmp_path: Path, line: str, kind: str, name: str) -> None:
    assert line in [text.strip() for text in TILL_AFTER.split("\n")]
    found = target_of(tmp_path, "shop/till.py", line)
    assert (found.kind, found.name) == (kind, name)
    assert [place.path for place in found.places] == (["shop/stock.py"] if kind == "inproject" else [])


def test_an_import_tells_which_of_several_is_meant_and_under_which_name(tmp_path: Path) -> None:
    old = {"a.py": "def go_on(): ...\n", "b.py": "def go_on(): ...\n", "main.py": "x = 1\n"}
    new = {**old, "main.py": "from b import go_on as further\n\nfurther(1)\n"}
    found = target_of(tmp_path, "main.py", "further(1)", old, new)
    assert (found.kind, found.name, [place.path for place in found.places]) == ("inproject", "go_on", ["b.py"])


def test_names_of_other_packages_and_of_every_language_are_not_taken_for_ours(tmp_path: Path) -> None:
    old = {"a.py": "def dumps(): ...\nclass Q:\n    def append(self): ...\n    def rare_one(self): ...\n", "m.py": ""}
    text = "import json\nfrom other import dumps\njson.dumps(1)\ndumps(2)\nx.append(3)\njson.rare_one(4)\n"
    new = {**old, "m.py": text}
    for line in ("json.dumps(1)", "dumps(2)", "x.append(3)", "json.rare_one(4)"):
        assert target_of(tmp_path, "m.py", line, old, new).kind == "common", line


def test_a_plain_local_name_is_no_function_of_another_file(tmp_path: Path) -> None:
    old = {"a.py": "def total(): ...\n", "m.py": ""}
    new = {**old, "m.py": "def f(total):\n    return total + 1\n"}
    assert target_of(tmp_path, "m.py", "return total + 1", old, new).kind == "common"


def test_other_languages_and_too_many_definitions_say_nothing(tmp_path: Path) -> None:
    old = {**{f"a{number}.py": "class K:\n    def go_far(self): ...\n" for number in range(4)}, "m.py": ""}
    new = {**old, "m.py": "x.go_far()\n"}
    assert target_of(tmp_path / "many", "m.py", "x.go_far()", old, new).kind == "common"
    old = {"a.js": "class K { goFar() { return 1 } }\n", "m.py": ""}
    new = {**old, "m.py": "x.goFar()\n"}
    assert target_of(tmp_path / "other", "m.py", "x.goFar()", old, new).kind == "common"


def test_types_of_the_same_package_need_no_import_in_kotlin(tmp_path: Path) -> None:
    old = {"p/Shelf.kt": "package p\n\nclass Shelf { fun take() = 1 }\n", "p/Main.kt": "package p\n"}
    new = {**old, "p/Main.kt": "package p\n\nval shelf = Shelf()\n"}
    found = target_of(tmp_path, "p/Main.kt", "val shelf = Shelf()", old, new)
    assert (found.kind, found.name) == ("inproject", "Shelf")

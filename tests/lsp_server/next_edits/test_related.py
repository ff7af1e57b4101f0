from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.index.rows import Definition
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.next_edits.related import MOST_CHARS, MOST_DEFINITION_LINES, related
from mellum_ls.lsp_server.next_edits.situation import Situation
from tests.fakes.memory_index import MemoryIndex

FILES = {
    "a.py": "from b import area\n\narea(1)\n",
    "b.py": "x = 1\n\ndef area(side):\n    return side\n" + "    # more\n" * 40,
    "c.py": "import b\n\n\n\nprint(b.area(2))\n\n\ny = 2\n",
}
DEFINED = (
    Definition("a.py", "area", "function", 0, 0, "", "", ""),
    Definition("b.py", "area", "function", 2, 43, "def area(side)", "", ""),
    Definition("b.py", "gone", "function", 0, 0, "", "", ""),
)


def situation(files: dict[str, str], opened: dict[str, str] | None = None) -> Situation:
    snapshot = Document("u", "python", 1).snapshot(Place(0, 0))
    index = MemoryIndex(files, DEFINED, uses={"c.py": {"area"}, "a.py": {"area"}})
    return Situation(snapshot, "a.py", files["a.py"], EditLog(), opened or {}, index, files.get)


def test_definitions_come_before_uses_and_nothing_of_the_file_itself() -> None:
    definition, use = related(["area"], [], situation(FILES))
    assert definition[0] == "b.py"
    assert definition[1].startswith("def area(side):")
    assert definition[1].count("\n") == MOST_DEFINITION_LINES - 1
    assert use == ("c.py", "\n\nprint(b.area(2))\n\n")


def test_uses_are_only_of_what_was_changed() -> None:
    assert [path for path, _ in related([], ["area"], situation(FILES))] == ["b.py"]


def test_an_open_text_counts_before_the_file_and_loses_its_secrets() -> None:
    token = "ghp_" + "a1" * 18
    opened = {"b.py": f"x = 1\n\ndef area(of):\n    return '{token}'\n"}
    [(_, text), _] = related(["area"], [], situation(FILES, opened))
    assert "def area(of)" in text
    assert token not in text


def test_what_the_index_says_is_looked_at_and_there_is_only_so_much_room() -> None:
    assert related(["gone"], [], situation(FILES)) == []
    huge = {**FILES, "b.py": f"\n\ndef area(side): '{'x' * MOST_CHARS}'\n"}
    assert [path for path, _ in related(["area"], [], situation(huge))] == ["c.py"]
    without = Situation(situation(FILES).snapshot, "a.py", "", EditLog(), {})
    assert related(["area"], [], without) == []

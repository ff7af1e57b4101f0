from mellum_ls.context.index.rows import Definition
from mellum_ls.context.selection.candidates import head_of, lines_of

AREA = Definition("a.py", "area", "method", 4, 9, "def area(self) -> float", "The area.", "Shape")


def test_a_head_has_the_lines_of_its_symbol_with_the_end_excluded() -> None:
    head = head_of(AREA, "defines area")
    assert (head.start_line, head.end_line, head.text) == (4, 10, "def area(self) -> float")


def test_a_head_keeps_its_key_when_lines_above_it_come() -> None:
    assert head_of(AREA, "x").key == head_of(AREA._replace(start_line=44, end_line=49), "y").key
    assert head_of(AREA, "x").key != head_of(AREA._replace(container="Circle"), "x").key
    assert head_of(AREA, "x").key != head_of(AREA._replace(path="b.py"), "x").key


def test_a_symbol_without_a_head_is_known_by_its_name() -> None:
    assert head_of(AREA._replace(signature=""), "x").text == "area"


def test_lines_never_start_before_the_file_nor_end_before_they_start() -> None:
    assert (lines_of("a.py", -3, 5, "x").start_line, lines_of("a.py", 7, 2, "x").end_line) == (0, 7)

from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.rendering import head_chars, head_line, size, skeleton

CLASS = Candidate("a.py", 0, 9, "outline", "x", "class Shape(Base)", "Shape", "", "class")
METHOD = Candidate("a.py", 2, 4, "outline", "x", "def area(self) -> float", "area", "Shape", "method")
FIELD = Candidate("a.py", 1, 2, "outline", "x", "width: int", "width", "Shape", "field")


def test_a_skeleton_stands_in_the_order_of_the_file_and_parses_as_python() -> None:
    text = skeleton([METHOD, CLASS, FIELD])
    assert text == "class Shape(Base):\n    width: int\n    def area(self) -> float: ..."
    compile(text, "a.py", "exec")


def test_other_languages_stand_as_they_are_written() -> None:
    assert head_line(METHOD._replace(path="a.go", text="func Area() float64", container="")) == "func Area() float64"


def test_what_is_in_two_others_is_indented_twice() -> None:
    assert head_line(FIELD._replace(container="Shape.Inner")) == "        width: int"


def test_size_counts_the_header() -> None:
    assert size("a.py", "text") > len("a.py") + len("text") + len("<filename>\n\n")


def test_the_length_of_a_line_is_told_without_making_it() -> None:
    for head in (CLASS, METHOD, FIELD, METHOD._replace(path="a.go"), FIELD._replace(container="Shape.Inner")):
        assert head_chars(head) == len(head_line(head))

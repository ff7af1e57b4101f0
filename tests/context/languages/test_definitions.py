from mellum_ls.context.languages.definitions import Definition, begins_line, find
from mellum_ls.context.languages.parsing import parse
from tests.context.languages.sample_texts import BY_NAME


def found(name: str, text: str, start: int = 0, end: int | None = None) -> list[Definition]:
    raw = text.encode()
    tree = parse(raw, BY_NAME[name])
    assert tree is not None
    return find(raw, tree, BY_NAME[name], start, end).definitions


def named(name: str, text: str) -> list[tuple[str, str, str]]:
    return [(one.kind, one.container, one.name) for one in found(name, text) if not one.is_scope]


def test_a_method_is_a_function_whose_innermost_definition_is_a_class() -> None:
    text = "class A:\n    def f(self):\n        def g(): pass\n        class B:\n            def h(self): pass\n"
    assert named("python", text) == [
        ("class", "", "A"),
        ("method", "A", "f"),
        ("function", "A.f", "g"),
        ("class", "A.f", "B"),
        ("method", "A.f.B", "h"),
    ]


def test_variables_of_functions_are_left_out_and_others_are_named_once() -> None:
    text = "a = 1\na = 2\nB = 3\ndef f():\n    c = 4\nif a:\n    d = 5\nclass K:\n    e = 6\n    E = 7\n    e = 8\n"
    assert named("python", text) == [
        ("constant", "", "a"),
        ("constant", "", "B"),
        ("function", "", "f"),
        ("constant", "", "d"),
        ("class", "", "K"),
        ("field", "K", "e"),
        ("constant", "K", "E"),
    ]


def test_an_owner_that_is_written_before_the_name_is_its_container() -> None:
    assert named("go", "package p\nfunc (s *m.T[K]) F() {}\nfunc (T) G() {}\n") == [
        ("method", "T", "F"),
        ("method", "T", "G"),
    ]
    assert named("cpp", "void a::B<int>::f() {}\nint B::operator()(int x) { return x; }\nB::~B() {}\n") == [
        ("method", "a.B", "f"),
        ("method", "B", "operator()"),
        ("method", "B", "~B"),
    ]
    assert named("javascript", "A.prototype.f = function () {};\nmodule.exports.g = () => 1;\n") == [
        ("method", "A", "f"),
        ("function", "", "g"),
    ]
    assert named("rust", "impl<'a> fmt::Debug for &'a m::T<u8> { fn f() {} }\n") == [("method", "T", "f")]


def test_two_names_of_one_body_stand_next_to_each_other() -> None:
    assert named("c", "typedef struct a { int x; } b;\n") == [
        ("class", "", "b"),
        ("class", "", "a"),
        ("field", "b", "x"),
    ]


def test_a_parameter_that_is_a_field_belongs_to_the_class() -> None:
    text = "<?php class A { function __construct(private int $x, int $y) { $z = 1; } }\n"
    assert named("php", text) == [("class", "", "A"), ("method", "A", "__construct"), ("field", "A", "x")]


def test_what_stands_right_above_belongs_to_it() -> None:
    text = "x = 1  # not this\n# far\n\n# one\n# two\n@d\n@e(\n    1\n)\nclass A: pass\ny = 2; z = 3\n"
    one = next(one for one in found("python", text) if one.name == "A")
    assert (one.start_line, one.node.start_point.row, one.end_line) == (3, 5, 9)
    assert text.encode()[one.start_byte :].startswith(b"# one\n# two\n@d")
    assert [node.type for node in one.above] == ["comment", "comment"]
    assert [node.type for node in one.in_head] == ["decorator", "decorator"]
    x = next(one for one in found("python", text) if one.name == "x")
    assert (x.start_line, x.end_line, x.above) == (0, 0, [])


def test_a_range_of_bytes_has_what_overlaps_it() -> None:
    text = "def f(): pass\n\ndef g(): pass\n\ndef h(): pass\n"
    at = text.index("def g")
    assert [one.name for one in found("python", text, at, at + 5)] == ["g"]


def test_one_long_line_is_looked_at_in_part() -> None:
    assert begins_line(b"", 0)
    assert begins_line(b"a\n  b", 4)
    assert begins_line(b"a\r\n\t b", 5)
    assert not begins_line(b"a\n  b c", 6)
    assert not begins_line(b"x" + b" " * 600 + b"y", 601)
    assert begins_line(b" " * 500 + b"y", 500)
    # What is too far in is taken for not the first, rather than read back for each of many.
    assert not begins_line(b"\n" + b" " * 600 + b"y", 601)


def test_a_name_without_end_is_cut() -> None:
    (heading,) = found("markdown", "# " + "long " * 1_000)
    assert len(heading.name) == 199

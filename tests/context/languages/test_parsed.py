from mellum_ls.context.languages.parsed import parsed

TEXT = 'def one():\n    """Says one."""\n    return 1  # so\n\n\nclass Two:\n    def three(self):\n        return "#"\n'


def test_the_symbols_around_and_within_lines_are_known() -> None:
    text = parsed(TEXT, "a.py", "python")
    assert [each.name for each in text.around(6)] == ["Two", "three"]
    assert text.within(5, 7) == {"Two", "three"}
    assert text.within(6, 7) == {"three"}


def test_faults_are_counted() -> None:
    assert parsed(TEXT, "a.py", "").faults == 0
    assert parsed(TEXT + "x = (\n", "a.py", "").faults == 1
    assert parsed("x = (((\n", "notes.unknown", "").faults == 0


def test_code_is_the_same_without_comments_and_docstrings_alone() -> None:
    code = parsed(TEXT, "a.py", "python").code()
    assert code == parsed(TEXT.replace("  # so", "").replace('    """Says one."""\n', ""), "a.py", "python").code()
    assert code != parsed(TEXT.replace('"#"', '"# "'), "a.py", "python").code()
    assert code != parsed(TEXT.replace("return 1", "return 2"), "a.py", "python").code()
    go = "// Says one.\nfunc one() int { return 1 }\n"
    assert parsed(go, "a.go", "go").code() == parsed(go.split("\n", 1)[1], "a.go", "go").code()

import pytest

from mellum_ls.lsp_server.actions.new_test_file import new_test_file


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("a.py", "tests/test_a.py"),
        ("src/pkg/a.py", "tests/pkg/test_a.py"),
        ("pkg/a.py", "tests/pkg/test_a.py"),
        ("cmd/a.go", "cmd/a_test.go"),
        ("src/a.ts", "src/a.test.ts"),
        ("src/a.tsx", "src/a.test.tsx"),
        ("app/src/main/java/p/A.java", "app/src/test/java/p/ATest.java"),
        ("A.java", ""),
        ("test_a.py", ""),
        ("pkg/__init__.py", ""),
        ("tests/a.py", ""),
        ("a_test.go", ""),
        ("a.test.ts", ""),
        ("README.md", ""),
        ("", ""),
    ],
)
def test_each_language_has_its_habit(path: str, tests: str) -> None:
    assert new_test_file(path) == tests

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.workspace.counterparts import MAX_COUNTERPARTS, counterparts, is_test
from mellum_ls.context.workspace.resolve.file_names import FileNames

NAMES = """
src/pkg/core.py src/pkg/sub/core.py src/pkg/__init__.py src/pkg/parsing/__init__.py tests/pkg/test_core.py
    tests/pkg/sub/test_core.py tests/test_parsing.py tests/pkg/__init__.py tests/conftest.py
    web/a.ts web/a.test.ts web/b.tsx web/__tests__/b.tsx web/c/index.ts web/c/index.spec.ts web/d/index.ts web/latest.ts
    go/x.go go/x_test.go go/y.go
    j/src/main/java/o/Cart.java j/src/test/java/o/CartTest.java j/src/main/java/o/Testament.java
    j/src/main/java/o/Ament.java
    rs/src/graph.rs rs/tests/graph.rs rs/src/mod.rs
    c/src/v.cc c/include/v.h c/test/v_test.cc other/v.h app/models/user.rb spec/models/user_spec.rb
    Shop/Cart.cs Shop.Tests/CartTests.cs README.md docs/core.md
"""
FILES = FileNames(NAMES.split())


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("src/pkg/core.py", "tests/pkg/test_core.py tests/pkg/sub/test_core.py"),
        ("src/pkg/sub/core.py", "tests/pkg/sub/test_core.py tests/pkg/test_core.py"),
        ("tests/pkg/test_core.py", "src/pkg/core.py src/pkg/sub/core.py"),
        ("tests/pkg/sub/test_core.py", "src/pkg/sub/core.py src/pkg/core.py"),
        ("tests/test_parsing.py", "src/pkg/parsing/__init__.py"),
        ("tests/conftest.py", ""),
        ("tests/pkg/__init__.py", ""),
        ("tests/pkg/test_new.py", ""),
        ("web/a.ts", "web/a.test.ts"),
        ("web/a.test.ts", "web/a.ts"),
        ("web/b.tsx", "web/__tests__/b.tsx"),
        ("web/__tests__/b.tsx", "web/b.tsx"),
        ("web/c/index.ts", "web/c/index.spec.ts"),
        ("web/c/index.spec.ts", "web/c/index.ts"),
        ("web/latest.ts", ""),
        ("go/x.go", "go/x_test.go"),
        ("go/x_test.go", "go/x.go"),
        ("go/y_test.go", "go/y.go"),
        ("j/src/main/java/o/Cart.java", "j/src/test/java/o/CartTest.java"),
        ("j/src/test/java/o/CartTest.java", "j/src/main/java/o/Cart.java"),
        ("j/src/main/java/o/Testament.java", ""),
        ("rs/src/graph.rs", "rs/tests/graph.rs"),
        ("rs/tests/graph.rs", "rs/src/graph.rs"),
        ("c/src/v.cc", "c/include/v.h other/v.h c/test/v_test.cc"),
        ("c/include/v.h", "c/src/v.cc c/test/v_test.cc"),
        ("c/test/v_test.cc", "c/include/v.h c/src/v.cc other/v.h"),
        ("app/models/user.rb", "spec/models/user_spec.rb"),
        ("spec/models/user_spec.rb", "app/models/user.rb"),
        ("Shop/Cart.cs", "Shop.Tests/CartTests.cs"),
        ("Shop.Tests/CartTests.cs", "Shop/Cart.cs"),
        ("README.md", ""),
        ("", ""),
    ],
)
def test_names_say_what_belongs_together(path: str, files: str) -> None:
    assert counterparts(path, FILES) == tuple(files.split())


@pytest.mark.parametrize(
    "path", ["tests/x.py", "a/test_b.py", "a/b_test.go", "a/__tests__/b.ts", "OTest.java", "b.spec.js"]
)
def test_what_a_test_is(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path", ["a/testing_tools/x.py", "contest.py", "a/Attest.java", "latest.go", "x.md", "Test.java", ""]
)
def test_what_no_test_is(path: str) -> None:
    assert not is_test(path)


names = st.sampled_from(["a", "test_a", "a_test", "ATest", "A", "tests", "index", "index.test", "__init__", "a.spec"])
paths = st.tuples(
    st.lists(names, max_size=3), names, st.sampled_from(["py", "ts", "go", "java", "h", "cc", "rs", "md"])
).map(lambda parts: "/".join((*parts[0], f"{parts[1]}.{parts[2]}")))


@given(st.lists(paths, min_size=1, max_size=30), st.text(max_size=12) | paths)
def test_only_other_files_that_there_are_and_not_too_many(some: list[str], path: str) -> None:
    found = counterparts(path, FileNames(some))
    assert set(found) <= set(some) - {path}
    assert len(found) == len(set(found)) <= MAX_COUNTERPARTS
    assert found == counterparts(path, FileNames(reversed(some)))
    assert found[:1] == counterparts(path, FileNames(some), 1)

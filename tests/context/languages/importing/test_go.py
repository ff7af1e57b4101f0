import pytest

from mellum_ls.context.languages.importing.go import package_name
from tests.fakes.imports import written

TEXT = """package x

import "fmt"
import (
	f "a/b"
	. "c"
	_ "d"
	`raw/x/v2` // why
)

const s = "import y"
"""


def test_single_imports_and_blocks() -> None:
    assert written("go", TEXT) == ["2: fmt as fmt", "4: a/b as f", "5: c {*}", "6: d", "7: raw/x/v2 as x"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("net/http", "http"), ("a.b/yaml/v2", "yaml"), ("gopkg.in/yaml.v3", "yaml"), ("v2", "v2"), ("a/", "a"), ("", "")],
)
def test_a_package_is_called_by_its_path(path: str, name: str) -> None:
    assert package_name(path) == name

import pytest

from tests.fakes.repository import Repository

SRC = Repository(
    """src/pkg/__init__.py src/pkg/core.py src/pkg/sub/__init__.py src/pkg/sub/deep.py src/pkg/sub/types.py
    src/pkg/fast.pyi src/pkg/both.py src/pkg/both/__init__.py src/pkg/stub.py src/pkg/stub.pyi src/pkg/json.py
    src/space/inner/mod.py tests/conftest.py tests/helpers.py tests/unit/test_core.py scripts/run.py scripts/shared.py
    setup.py docs/conf.py"""
)
CORE, DEEP, TEST = "src/pkg/core.py", "src/pkg/sub/deep.py", "tests/unit/test_core.py"


@pytest.mark.parametrize(
    ("path", "statement", "files"),
    [
        (CORE, "from . import fast", "src/pkg/fast.pyi"),
        (CORE, "from .sub.deep import f", DEEP),
        (CORE, "from .sub import deep, g", f"{DEEP} src/pkg/sub/__init__.py"),
        (CORE, "from .sub import *", "src/pkg/sub/__init__.py"),
        (CORE, "from . import sub", "src/pkg/sub/__init__.py"),
        (CORE, "from . import version", "src/pkg/__init__.py"),
        (DEEP, "from .. import core", CORE),
        (DEEP, "from ..core import f", CORE),
        (DEEP, "from ....core import f", ""),
        (DEEP, "from ........core import f", ""),
        (DEEP, "from . import deep", ""),
        (CORE, "import pkg.sub.deep as d", DEEP),
        (CORE, "import pkg", "src/pkg/__init__.py"),
        (CORE, "from pkg import both", "src/pkg/both/__init__.py"),
        (CORE, "from pkg.stub import x", "src/pkg/stub.py"),
        (CORE, "import pkg.nothing", ""),
        (CORE, "import numpy.linalg, os", ""),
        # In a package its own names are not those of the standard library.
        (CORE, "import json", ""),
        (DEEP, "import types", ""),
        (TEST, "from pkg.core import f", CORE),
        (TEST, "import space.inner.mod", "src/space/inner/mod.py"),
        (TEST, "from space.inner import mod", "src/space/inner/mod.py"),
        (TEST, "from tests.helpers import h", "tests/helpers.py"),
        (TEST, "from helpers import h", "tests/helpers.py"),
        ("scripts/run.py", "import shared", "scripts/shared.py"),
        ("docs/conf.py", "import shared", "scripts/shared.py"),
        ("setup.py", "import pkg.core", CORE),
    ],
)
def test_a_source_folder(path: str, statement: str, files: str) -> None:
    assert SRC.means(path, statement) == files


def test_packages_of_several_projects_are_found_from_each_other() -> None:
    many = Repository(
        """libs/one/src/one/__init__.py libs/one/src/one/a.py libs/two/two/__init__.py libs/two/two/b.py
        libs/two/pyproject.toml old/one/__init__.py old/one/a.py services/three/app.py
        services/three/vendored/__init__.py services/three/vendored/ext/one2/__init__.py"""
    )
    assert many.means("services/three/app.py", "from two.b import f") == "libs/two/two/b.py"
    # Of two packages with one name the nearest counts.
    assert many.means("libs/two/two/b.py", "from one.a import f") == "libs/one/src/one/a.py"
    assert many.means("old/x.py", "from one.a import f") == "old/one/a.py"
    # What lies inside a package is that package's own.
    assert many.means("libs/two/two/b.py", "import one2") == ""


def test_an_ambiguous_script_is_not_guessed() -> None:
    two = Repository("a/shared.py b/shared.py c/x.py")
    assert two.means("c/x.py", "import shared") == ""
    two.files.remove("b/shared.py")
    assert two.means("c/x.py", "import shared") == "a/shared.py"


def test_a_project_may_call_a_folder_otherwise() -> None:
    text = '[tool.setuptools]\npackage-dir = {"my.pkg" = "code", "" = "src", top = "."}\n'
    mapped = Repository("lib/code/a/b.py lib/tests/t.py lib/x.py", {"lib/pyproject.toml": text})
    assert mapped.means("lib/tests/t.py", "from my.pkg.a.b import f") == "lib/code/a/b.py"
    assert mapped.means("lib/tests/t.py", "from top.code.a import b") == "lib/code/a/b.py"
    assert mapped.means("lib/tests/t.py", "from top import x") == "lib/x.py"
    for bad in ("[", "tool = 1", "[tool]\nsetuptools = []", "[tool.setuptools]\npackage-dir = {a = 1, b = '../..'}"):
        broken = Repository("lib/code/a.py lib/t.py", {"lib/pyproject.toml": bad})
        assert broken.means("lib/t.py", "import my.pkg.a") == ""


def test_a_workspace_that_is_itself_a_package() -> None:
    inside = Repository("__init__.py core.py sub/__init__.py sub/a.py", root_name="pkg")
    assert inside.means("sub/a.py", "from pkg.core import f") == "core.py"
    assert inside.means("sub/a.py", "from pkg import core") == "core.py"
    assert inside.means("core.py", "from . import sub") == "sub/__init__.py"
    assert inside.means("sub/a.py", "from other.core import f") == ""

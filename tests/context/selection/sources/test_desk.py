import pytest

from mellum_ls.context.selection.sources.desk import Desk, closeness, folder_of
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import Repository


def test_a_desk_without_counterparts_has_none() -> None:
    repository = Repository({})
    assert Desk(repository.index, Texts(repository)).counterparts("a.py") == ()


def test_the_folder_of_a_file_at_the_root_is_empty() -> None:
    assert (folder_of("a.py"), folder_of("x/y/a.py")) == ("", "x/y")


@pytest.mark.parametrize(
    ("path", "other", "expected"),
    [("a.py", "b.py", 1.0), ("x/a.py", "x/b.py", 1.0), ("x/a.py", "y/b.py", 0.5), ("x/y/a.py", "x/z/b.py", 2 / 3)],
)
def test_closeness_is_the_shared_part_of_the_way(path: str, other: str, expected: float) -> None:
    assert closeness(path, other) == closeness(other, path) == pytest.approx(expected)

from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench.listing import Pair, read_pairs
from mellum_ls.runtime.errors import SettingError


def test_the_shipped_list_has_enough_packages_of_both_registries() -> None:
    pairs = read_pairs()
    assert len(pairs) >= 15
    assert {pair.registry for pair in pairs} == {"pypi", "npm"}
    assert len({pair.name for pair in pairs}) == len(pairs)
    assert all(pair.old != pair.new for pair in pairs)


def test_a_list_of_ones_own_is_read(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('package = [{ registry = "npm", name = "@a/b", old = "1.0", new = "1.1", paths = ["src/"] }]')
    assert read_pairs(place) == (Pair("npm", "@a/b", "1.0", "1.1", ("src",)),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("package = []", "no list"),
        ("x = 1", "no list"),
        ("[[[", "no list"),
        ('package = ["a"]', "table"),
        ('package = [{ registry = "cpan", name = "a", old = "1", new = "2" }]', "cpan"),
        ('package = [{ registry = "pypi", name = "--index-url=x", old = "1", new = "2" }]', "no name"),
        ('package = [{ registry = "pypi", name = "a b", old = "1", new = "2" }]', "no name"),
        ('package = [{ registry = "pypi", name = "a", old = "-1", new = "2" }]', "two versions"),
        ('package = [{ registry = "pypi", name = "a", old = "1" }]', "two versions"),
        ('package = [{ registry = "pypi", name = "a", old = "1", new = "2", paths = "src" }]', "paths"),
    ],
)
def test_what_is_wrong_with_a_list_is_named(tmp_path: Path, text: str, names: str) -> None:
    place = tmp_path / "mine.toml"
    place.write_text(text)
    with pytest.raises(SettingError, match=names) as found:
        read_pairs(place)
    assert "mine.toml" in str(found.value)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none\.toml"):
        read_pairs(tmp_path / "none.toml")

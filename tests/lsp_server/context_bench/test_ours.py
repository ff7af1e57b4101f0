from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench.arms import size_of
from mellum_ls.lsp_server.context_bench.cases import Case, find_spots
from mellum_ls.lsp_server.context_bench.ours import Ours
from mellum_ls.lsp_server.context_bench.recall import shows
from mellum_ls.lsp_server.context_bench.sources import Sources
from tests.fakes.two_releases import NEW, OLD, PAIR, write


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    old, new = Sources.read(write(tmp_path / "old", OLD)), Sources.read(write(tmp_path / "new", NEW))
    return [spot.case(old) for spot in find_spots(PAIR, old, new) if spot.target.kind == "inproject"]


@pytest.fixture
def ours(tmp_path: Path, cases: list[Case]) -> Iterator[Ours]:
    engine = Ours(Sources.read(tmp_path / "old"), tmp_path / "engine", (64, 20))
    yield engine
    engine.close()


def test_the_engine_finds_what_an_imported_name_means(ours: Ours, cases: list[Case]) -> None:
    assert len(cases) >= 2
    for case in cases:
        context = ours(case, 6_000)
        assert any(shows(context, one) for one in case.definitions), case.name
        assert case.path not in [path for path, _ in context]


@pytest.mark.parametrize("chars", [0, 200, 1_000])
def test_it_keeps_to_the_budget_and_says_the_same_each_time(ours: Ours, cases: list[Case], chars: int) -> None:
    for case in cases:
        context = ours(case, chars)
        assert sum(size_of(*piece) for piece in context) <= chars
        assert ours(case, chars) == context


def test_an_index_of_an_earlier_run_is_made_anew(tmp_path: Path, ours: Ours, cases: list[Case]) -> None:
    ours.close()
    other = Sources.read(write(tmp_path / "other", {"shop/till.py": OLD["shop/till.py"]}))
    again = Ours(other, tmp_path / "engine", (64, 20))
    assert again(replace(cases[0], open_files=()), 6_000) == ()
    again.close()

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


def _all(case: Case) -> tuple[str, str]:
    """A prompt that shows the document whole."""
    return case.prefix, case.suffix


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    old, new = Sources.read(write(tmp_path / "old", OLD)), Sources.read(write(tmp_path / "new", NEW))
    return [spot.case(old) for spot in find_spots(PAIR, old, new) if spot.target.kind == "inproject"]


@pytest.fixture
def ours(tmp_path: Path, cases: list[Case]) -> Iterator[Ours]:
    engine = Ours(Sources.read(tmp_path / "old"), tmp_path / "engine", _all)
    yield engine
    engine.close()


def test_the_engine_finds_what_an_imported_name_means(ours: Ours, cases: list[Case]) -> None:
    assert len(cases) >= 2
    for case in cases:
        context = ours(case, 6_000)
        assert any(shows(context, one) for one in case.definitions), case.name
        assert case.path not in [path for path, _ in context]


def test_what_the_prompt_does_not_show_of_the_document_may_stand_before_it(tmp_path: Path, cases: list[Case]) -> None:
    engine = Ours(Sources.read(tmp_path / "old"), tmp_path / "engine", lambda case: ("", ""))
    case = cases[0]
    rows = "\n".join(f"{case.prefix.split()[-1]} = {row}" for row in range(70))
    far = replace(case, prefix=f"{case.prefix}\n{rows}\n", suffix=f"\n{rows}")
    own = [text for path, text in engine(far, 6_000) if path == case.path]
    assert own
    assert all(text in far.prefix + far.suffix for text in own)
    engine.close()


@pytest.mark.parametrize("chars", [0, 200, 1_000])
def test_it_keeps_to_the_budget_and_says_the_same_each_time(ours: Ours, cases: list[Case], chars: int) -> None:
    for case in cases:
        context = ours(case, chars)
        assert sum(size_of(*piece) for piece in context) <= chars
        assert ours(case, chars) == context


def test_an_index_of_an_earlier_run_is_made_anew(tmp_path: Path, ours: Ours, cases: list[Case]) -> None:
    ours.close()
    other = Sources.read(write(tmp_path / "other", {"shop/till.py": OLD["shop/till.py"]}))
    again = Ours(other, tmp_path / "engine", _all)
    assert again(replace(cases[0], open_files=()), 6_000) == ()
    again.close()

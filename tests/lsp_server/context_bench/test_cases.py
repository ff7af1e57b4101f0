import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench.cases import MOST_PER_FILE, Spot, choose, find_spots, write_cases
from mellum_ls.lsp_server.context_bench.changes import added_lines
from mellum_ls.lsp_server.context_bench.listing import Pair
from mellum_ls.lsp_server.context_bench.sources import Sources
from mellum_ls.lsp_server.context_bench.targets import Target
from tests.fakes.two_releases import NEW, OLD, PAIR, write


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Sources, Sources]:
    return Sources.read(write(tmp_path / "old", OLD)), Sources.read(write(tmp_path / "new", NEW))


def test_a_case_is_the_change_half_made(trees: tuple[Sources, Sources]) -> None:
    old, new = trees
    spots = list(find_spots(PAIR, old, new))
    assert {spot.path for spot in spots} == {"shop/steps.py", "shop/till.py", "shop/tax.py"}
    [spot] = [spot for spot in spots if spot.target.name == "take_down"]
    case = spot.case(old)
    assert case.prefix.endswith("price: int) -> None:\n        ")
    assert case.target == "self.shelf.take_down(name)"
    assert case.suffix == '\n    def report(self) -> str:\n        return f"{self.money}"\n'
    [defined] = case.definitions
    assert (defined.path, defined.name, defined.container) == ("shop/stock.py", "take_down", "Shelf")
    assert OLD["shop/stock.py"].split("\n")[defined.start_line].strip() == defined.head
    assert defined.head == "def take_down(self, name: str, amount: int = 1) -> int:"
    assert case.open_files == ("shop/steps.py",)


def test_a_new_file_is_no_open_file_of_the_old_tree(trees: tuple[Sources, Sources]) -> None:
    old, new = trees
    assert all("shop/tax.py" not in spot.open_files for spot in find_spots(PAIR, old, new))


def spot(package: str, path: str, number: int, kind: str = "inproject") -> Spot:
    [*_, added] = added_lines("", "x\n" * number + "target")
    return Spot(package, "python", path, added, Target(kind), ())  # type: ignore[arg-type]


def test_packages_take_turns_and_no_file_outweighs_the_others() -> None:
    spots = [spot("large", f"{file}.py", number) for file in "ab" for number in range(1, 30)]
    spots += [spot("small", "c.py", number) for number in range(1, 3)]
    chosen = choose(spots, 100)
    assert len(chosen) == 2 * MOST_PER_FILE + 2
    assert {one.package for one in chosen[:2]} == {"large", "small"}
    assert {one.package for one in chosen[2:4]} == {"large", "small"}
    assert choose(list(reversed(spots)), 5) == chosen[:5]
    assert choose(spots, 5, seed=1) != chosen[:5]
    assert choose(spots, 5, kind="common") == []


def test_cases_are_written_a_line_each(tmp_path: Path, trees: tuple[Sources, Sources]) -> None:
    old, new = trees
    cases = [one.case(old) for one in find_spots(Pair("pypi", "shop", "1", "2"), old, new)]
    write_cases(cases, tmp_path / "deep" / "cases.jsonl")
    lines = (tmp_path / "deep" / "cases.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(json.dumps(asdict(case))) for case in cases]
    assert len({case.key for case in cases}) == len(cases)

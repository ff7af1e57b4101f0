"""Costs lie between those measured, rise with the number of tokens, and come back from their file or not at all."""

import json
from pathlib import Path

import pytest

from mellum_ls.runtime.drafting.costs import FOLDER, Costs, key_of, read_costs, rising, write_costs

COSTS = Costs(((1, 10.0), (2, 16.0), (4, 20.0), (8, 28.0)), 1.5)


@pytest.mark.parametrize(("tokens", "cost"), [(1, 10), (2, 16), (3, 18), (4, 20), (6, 24), (8, 28), (12, 36)])
def test_between_and_beyond_what_was_measured(tokens: int, cost: float) -> None:
    assert COSTS.of(tokens) == pytest.approx(cost)


def test_one_figure_stands_for_all() -> None:
    assert Costs(((1, 2.0),), 0.0).of(3) == 6.0


def test_more_tokens_never_cost_less() -> None:
    assert rising([(4, 3.0), (1, 2.0), (2, 4.0)]) == ((1, 2.0), (2, 4.0), (4, 4.0))


def test_what_is_kept_comes_back_and_other_models_do_not_see_it(tmp_path: Path) -> None:
    key = key_of("model", 1)
    assert read_costs(tmp_path, key) is None
    write_costs(tmp_path, key, COSTS)
    assert read_costs(tmp_path, key) == COSTS
    assert read_costs(tmp_path, key_of("model", 2)) is None
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [f"{key}.json"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"passes": [], "draft": 1}',
        '{"passes": [[2, 1.0]], "draft": 1}',
        '{"passes": [[1, 0.0]], "draft": 1}',
        '{"passes": [[1, 2.0], [2, 1.0]], "draft": 1}',
        '{"passes": [[1, NaN]], "draft": 0}',
        '{"passes": [[1, 1.0], [1, 1.0]], "draft": 0}',
        '{"passes": [[1, 1.0]], "draft": -1}',
        '{"passes": "ab", "draft": 0}',
        "\x00\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_file_that_is_not_right_is_no_file(text: str, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "k.json").write_text(text, encoding="latin-1")
    assert read_costs(tmp_path, "k") is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    write_costs(tmp_path, "k", COSTS)
    assert read_costs(tmp_path, "k") is None


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    write_costs(tmp_path, "k", COSTS)
    assert json.loads((tmp_path / FOLDER / "k.json").read_text())["draft"] == 1.5

"""The model card is put together from what was measured."""

import json
from pathlib import Path

import pytest

from mellum_ls.runtime.nano.card import curve, data_list, main, power_law
from mellum_ls.runtime.nano.corpus import Package, read_packages

LOG = [{"step": 50, "main": 5.0}, {"step": 100, "heldout_main": 2.5, "heldout_mtp1": 2.75, "heldout_mtp2": 3.0}]


def test_the_power_law_goes_through_its_points() -> None:
    floor, factor, exponent = power_law([(t, 1.5 + 40 * t**-0.6) for t in (50.0, 120.0, 1100.0)])
    assert floor == pytest.approx(1.5, abs=1e-3)
    assert factor == pytest.approx(40, rel=1e-2)
    assert exponent == pytest.approx(0.6, abs=1e-2)


def test_the_curve_has_a_row_for_each_evaluation() -> None:
    assert curve(LOG, 1_000_000).splitlines()[2:] == ["| 100 M | 2.500 | 2.750 | 3.000 |"]


def test_packages_are_listed_by_split_and_licence() -> None:
    listed = data_list([Package("a", "1", "MIT", "train"), Package("b", "2", "BSD", "heldout")])
    assert "**MIT**: a 1" in listed.split("Trained on")[1]
    assert "**BSD**: b 2" in listed.split("Trained on")[0]


def test_the_command_writes_a_card_with_every_package(tmp_path: Path) -> None:
    (tmp_path / "eval.md").write_text("| figure | value |\n")
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LOG))
    out = tmp_path / "README.md"
    runs = ["50e6:2.3", "120e6:2.1", "1100e6:1.8"]
    main(
        [
            "--evaluation",
            str(tmp_path / "eval.md"),
            "--log",
            str(tmp_path / "log.jsonl"),
            "--runs",
            *runs,
            "--out",
            str(out),
        ]
    )
    card = out.read_text()
    assert card.startswith("---\nlicense: apache-2.0")
    assert "| figure | value |" in card
    assert all(f"{package.name} {package.version}" in card for package in read_packages())

import pytest

from mellum_ls.runtime.bench.static import least_bytes, static_report, table
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.synthetic import released_config


def test_a_step_launches_little_and_moves_hardly_more_than_it_must() -> None:
    report = static_report()
    assert [(row["format"], row["rows"]) for row in report] == [
        (name, rows) for name in ("int4", "int8", "float") for rows in (1, 4)
    ]
    for row in report:
        assert row["launches_per_layer"] <= 7
        assert row["launches"] <= 28 * 7 + 3
        assert 1.0 <= row["ratio"] <= 1.10, row
        assert row["workspace_bytes"] < 32e6
    assert table(report).count("\n") == len(report) + 1


@pytest.mark.parametrize(("name", "wanted"), [("int4", 1.558e9), ("int8", 2.21e9), ("float", 4.42e9)])
def test_the_least_is_what_the_shape_says(name: str, wanted: float) -> None:
    """Written out: 28 layers of 21.23 M in attention and 8 experts of 6.193 M, and 226.5 M in the head."""
    attention, experts, head = 28 * 21_233_664, 28 * 8 * 6_193_152, 98304 * 2304
    bits = {"int4": (8, 4.25, 8), "int8": (8, 8, 8), "float": (16, 16, 16)}[name]
    by_hand = (attention * bits[0] + experts * bits[1] + head * bits[2]) / 8
    assert by_hand == pytest.approx(wanted, rel=0.01)
    found = least_bytes(released_config(), WEIGHT_FORMATS[name], 0, 8)  # type: ignore[index]
    # Besides: routers in float32, 16.5 MB, and scales of int8 rows.
    assert found == pytest.approx(by_hand + 28 * 64 * 2304 * 4, rel=0.005)

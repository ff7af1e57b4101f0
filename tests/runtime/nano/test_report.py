"""The table and the Markdown: every figure that is there, and none that is not."""

import pytest

from mellum_ls.runtime.nano.report import ROWS, lines, markdown, table

FIGURES = {
    "next_token": {"top1": 0.5123, "bits_per_byte": 0.8, "tokens": 120000},
    "single_line": {"exact_match": 0.2, "count": 1000, "line_start": {"exact_match": 0.25}},
}


def test_known_figures_are_written_in_their_form() -> None:
    found = {label: value for label, value, _ in lines(FIGURES)}
    assert found == {
        "Next token, top-1 accuracy": "51.2%",
        "Bits per byte": "0.800",
        "- tokens scored": "120,000",
        "Single-line holes, exact match": "20.0%",
        "- holes": "1,000",
        "- cursor after the indent: exact match": "25.0%",
    }
    assert len({row.path for row in ROWS}) == len(ROWS)


def test_the_table_has_straight_columns() -> None:
    rows = table(FIGURES).split("\n")
    assert len(rows) == 6
    assert len({row.index("%") for row in rows if "%" in row.split("  ")[0] or "%" in row[:60]}) == 1
    assert table({}) == ""


def test_suggestions_stand_unedited_in_markdown() -> None:
    shown = {
        "path": "p/a.py",
        "before": "x = ",
        "suggestion": "wrong(",
        "shown": "wrong",
        "truth": "right()",
        "exact": False,
    }
    text = markdown({**FIGURES, "suggestions": {"every": 100, "shown": [shown]}}, "a machine, 2 cores")
    assert "| Bits per byte | 0.800 |  |" in text
    assert "x = ⟦wrong(⟧" in text
    assert "shown as `wrong`; the file has" in text
    assert "right()" in text
    hidden = markdown({"suggestions": {"every": 100, "shown": [{**shown, "shown": ""}]}}, "a machine")
    assert "not shown; the file has" in hidden
    assert "a machine, 2 cores" in text
    assert "⟦" not in markdown(FIGURES, "a machine")


@pytest.mark.parametrize("sections", [{"next_token": None}, {"mtp": {"prompts": 0}}])
def test_sections_without_figures_leave_no_row_behind(sections: dict[str, object]) -> None:
    assert "%" not in "".join(value for _, value, _ in lines(sections))  # type: ignore[arg-type]

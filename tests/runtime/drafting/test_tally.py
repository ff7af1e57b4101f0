"""Counts by source and place, as JSON."""

import json

from mellum_ls.runtime.drafting.tally import PLACES, Tally


def test_counts_by_source_and_place() -> None:
    tally = Tally()
    assert tally.figures()["acceptance"] is tally.figures()["tokens_per_step"] is None
    tally.count("mtp", 3, 1)
    tally.count("mtp", 1, 1)
    tally.count("suffix", 2, 2)
    tally.steps, tally.tokens = 4, 8
    figures = json.loads(json.dumps(tally.figures()))
    assert (figures["drafted"], figures["accepted"], figures["acceptance"]) == (6, 4, 0.6667)
    assert (figures["steps"], figures["tokens_per_step"]) == (4, 2.0)
    assert figures["sources"]["mtp"] == {
        "drafted": 4,
        "accepted": 2,
        "acceptance": 0.5,
        "acceptance_by_place": [1.0, 0.0, 0.0],
    }
    assert figures["sources"]["suffix"]["acceptance_by_place"] == [1.0, 1.0]


def test_the_last_place_stands_for_all_behind_it() -> None:
    tally = Tally()
    tally.count("s", PLACES + 4, PLACES + 2)
    assert tally.sources["s"].checked == [1] * (PLACES - 1) + [5]
    assert tally.sources["s"].held == [1] * (PLACES - 1) + [3]

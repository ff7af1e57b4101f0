import json

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.store import Document
from mellum_ls.lsp_server.model.backend import Usage
from mellum_ls.lsp_server.reports.metrics import MAX_LANGUAGES, OTHER, UP_TO_MS, Histogram, Metrics, Record
from mellum_ls.lsp_server.reports.offers import Offers


def figures(metrics: Metrics, language: str = "python") -> dict[str, object]:
    languages = metrics.report()["languages"]
    assert isinstance(languages, dict)
    found: dict[str, object] = languages[language]
    return found


@pytest.mark.parametrize(
    ("milliseconds", "bucket"), [(0.0, 0), (1.0, 0), (1.01, 1), (2.0, 1), (3.9, 2), (65536.0, 16), (65537.0, 17)]
)
def test_a_bucket_holds_times_up_to_its_name(milliseconds: float, bucket: int) -> None:
    histogram = Histogram()
    histogram.add(milliseconds)
    assert histogram.counts.index(1) == bucket
    assert len(histogram.counts) == len(UP_TO_MS) + 1
    assert histogram.report()["count"] == 1


def test_events_are_counted_by_language_and_a_late_acceptance_undoes_the_rejection() -> None:
    metrics, offers = Metrics(), Offers()
    offers.listeners.append(metrics.happened)
    python, lua = Document("a", "python", 1), Document("b", "lua", 1)
    rejected = offers.offer(python, Suggestion("1", 0, 0, 0))
    offers.offer(lua, Suggestion("1", 0, 0, 0))
    offers.settle(python)
    counted = figures(metrics)
    assert (counted["offered"], counted["shown"], counted["rejected"], counted["accepted"]) == (1, 1, 1, 0)
    assert figures(metrics, "lua")["rejected"] == 0
    offers.accepted(rejected.id)
    counted = figures(metrics)
    assert (counted["rejected"], counted["accepted"]) == (0, 1)


def test_the_first_text_comes_before_the_tokens_behind_it() -> None:
    metrics = Metrics()
    metrics.answered("python", 100.0, Usage(first_token_ms=30.0, total_ms=90.0))
    metrics.answered("python", 3.0, None)
    counted = figures(metrics)
    first, whole = counted["firstTextMs"], counted["wholeAnswerMs"]
    assert isinstance(first, dict)
    assert isinstance(whole, dict)
    assert (first["sumMs"], whole["sumMs"]) == (43.0, 103.0)


def test_languages_are_bounded_in_number_and_length() -> None:
    metrics = Metrics()
    for name in ["", "x" * 1000, *map(str, range(3 * MAX_LANGUAGES))]:
        metrics.answered(name, 1.0, None)
    report = metrics.report()
    languages = report["languages"]
    assert isinstance(languages, dict)
    assert len(languages) <= MAX_LANGUAGES + 1
    assert languages[OTHER]["wholeAnswerMs"]["count"] == 2 + 3 * MAX_LANGUAGES - (len(languages) - 1)
    assert json.loads(json.dumps(report)) == report


def test_records_hold_figures_and_no_text() -> None:
    records: list[Record] = []
    metrics, offers = Metrics(records.append, lambda: 12.3456), Offers()
    offers.listeners.append(metrics.happened)
    offer = offers.offer(Document("file:///secret-name", "python", 1), Suggestion("secret\ntext", 0, 0, 0))
    metrics.answered("python", 5.0, None)
    assert records[0] == {
        "time": 12.346,
        "event": "offered",
        "language": "python",
        "id": offer.id,
        "characters": 11,
        "lines": 2,
    }
    assert records[2] == {
        "time": 12.346,
        "event": "answered",
        "language": "python",
        "firstTextMs": 5.0,
        "wholeAnswerMs": 5.0,
    }
    assert "secret" not in json.dumps([*records, metrics.report()])

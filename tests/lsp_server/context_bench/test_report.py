from mellum_ls.lsp_server.context_bench import quality, recall
from mellum_ls.lsp_server.context_bench.arms import ARMS
from mellum_ls.lsp_server.context_bench.cases import Case
from mellum_ls.lsp_server.context_bench.quality import Scored
from mellum_ls.lsp_server.context_bench.recall import Found
from mellum_ls.lsp_server.context_bench.report import table

CASE = Case("k", "shop", "python", "main.py", "inproject", "", "t", "", "n", (), ())
FOUND = [Found(CASE, 2048, True, 900, 3.0), Found(CASE, 8192, False, 1000, 4.0)]
FIGURES = {
    "budgets": [2048, 8192],
    "chars_per_token": 3.2,
    "recall": {"open": recall.summary(FOUND), "ours": recall.summary(FOUND)},
}


def test_recall_has_a_row_for_each_contender_language_and_package() -> None:
    text = table(FIGURES)
    assert "| open | 100.0 % | 0.0 % | 4.0 | 4.0 |" in text
    assert "| ours | 100.0 % | 0.0 % | 4.0 | 4.0 |" in text
    assert "| python | 1 | 100.0 % | 0.0 % |" in text
    assert "| shop | 1 | 100.0 % | 0.0 % |" in text
    assert "perplexity" not in text


def test_quality_has_a_row_for_each_arm_with_its_interval() -> None:
    nats = {"none": -4.0, "open": -3.0, "ours": -2.0, "oracle": -1.0}
    one = Scored("k", 4, nats, dict.fromkeys(ARMS, True), dict.fromkeys(ARMS, 700))  # type: ignore[arg-type]
    figures = {**FIGURES, "quality": quality.summary([one, one]), "model": {"name": "tiny", "budget": 2048}}
    text = table(figures)
    assert "2 targets, 8 tokens, under tiny with 2048 tokens of context" in text
    assert "| none | 2.718 | 2.718 to 2.718 | 100.0 % | 700.0 |" in text
    assert "share of the oracle's gain: 0.6667 (0.6667 to 0.6667)" in text
    silent = Scored("k", 4, nats, dict.fromkeys(ARMS), dict.fromkeys(ARMS, 700))  # type: ignore[arg-type]
    figures["quality"] = quality.summary([silent])
    assert "| oracle | 1.284 | 1.284 to 1.284 | - | 700.0 |" in table(figures)


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    tables = [part.splitlines() for part in table(FIGURES).split("\n\n")[1:]]
    assert len(tables) == 3
    for head, rule, *rows in tables:
        assert rows
        assert {line.count("|") for line in (head, rule, *rows)} == {head.count("|")}

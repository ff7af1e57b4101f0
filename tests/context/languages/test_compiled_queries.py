import tomllib
from pathlib import Path

import pytest

from mellum_ls.context.languages.compiled_queries import definitions_query, uses_query
from mellum_ls.context.languages.grammars import GRAMMARS, Grammar

ROOT = Path(__file__).resolve().parents[3]
QUERIES = ROOT / "context" / "languages" / "queries"
KINDS = {"class", "function", "method", "field", "constant", "variable", "type", "module", "section", "scope"}
ROLES = {"name", "of", "body", "container", "only", "before", "import", "passing"}
NO_PROGRAMS = {"html", "css", "json", "yaml", "toml", "markdown"}


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_each_grammar_has_queries_with_captures_that_mean_something(grammar: Grammar) -> None:
    query = definitions_query(grammar)
    names = {query.capture_name(number) for number in range(query.capture_count)}
    assert names & KINDS
    assert names <= KINDS | ROLES
    assert definitions_query(grammar) is query
    uses = uses_query(grammar)
    assert {uses.capture_name(number) for number in range(uses.capture_count)} <= {"use", "bound"}


def test_no_query_reads_the_text() -> None:
    """Trees are parsed through a callback and have none, so that such a predicate would never hold."""
    assert not [path for path in QUERIES.rglob("*.scm") if "#" in path.read_text(encoding="utf-8")]


def test_each_file_belongs_to_a_grammar_and_is_packaged() -> None:
    stems = {path.stem for path in QUERIES.glob("*.scm")}
    names = {grammar.name for grammar in GRAMMARS}
    assert stems - names == {"ecmascript"}
    assert names - stems == {"tsx"}
    uses = {path.stem for path in (QUERIES / "uses").glob("*.scm")}
    assert uses <= stems
    assert names - uses - {"tsx"} == NO_PROGRAMS | {"sql"}
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert packaged["mellum_ls.context.languages"] == ["queries/*.scm", "queries/uses/*.scm"]
    assert all(path.suffix == ".scm" for path in QUERIES.rglob("*") if path.is_file())

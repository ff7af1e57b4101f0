import sys
from pathlib import Path

import pytest

from mellum_ls.context.languages import grammars as table
from mellum_ls.context.languages.grammars import GRAMMARS, Grammar
from mellum_ls.lsp_server.doctor import grammars
from mellum_ls.lsp_server.doctor.grammars import checks


def broken(name: str, module: str, function: str = "language") -> Grammar:
    return Grammar(name, module, function, (name,), (name,))


def test_all_of_the_table_works() -> None:
    (check,) = checks()
    assert check.state == "ok"
    assert check.says == f"{len(GRAMMARS)} of {len(GRAMMARS)} languages can be parsed"


def test_a_wheel_that_is_missing_or_broken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grammar_of_another_age.py").write_text("def language():\n    return 'no pointer'\n")
    (tmp_path / "grammar_without_code.py").write_text("raise SystemError('wrong ABI')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    bad = (
        broken("missing", "no_such_grammar"),
        broken("old", "grammar_of_another_age"),
        broken("renamed", GRAMMARS[0].module, "no_such_function"),
        broken("abi", "grammar_without_code"),
    )
    monkeypatch.setattr(grammars, "GRAMMARS", (*GRAMMARS[:2], *bad))
    works, warning = checks()
    assert works.says == "2 of 6 languages can be parsed"
    assert warning.state == "warning"
    assert warning.remedy
    assert [line.partition(": ")[0] for line in warning.listed] == ["missing", "old", "renamed", "abi"]
    assert "no_such_grammar" in warning.listed[0]
    assert "SystemError" in warning.listed[3]
    table._load.cache_clear()
    sys.modules.pop("grammar_of_another_age", None)


def test_no_language_at_all_is_a_failure() -> None:
    (check,) = checks([broken("missing", "no_such_grammar")])
    assert check.state == "failure"
    assert len(check.listed) == 1


def test_a_parser_that_gives_no_tree_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammars, "parse", lambda text, grammar: None)
    (check,) = checks(GRAMMARS[:1])
    assert check.listed == (f"{GRAMMARS[0].name}: gives no tree",)

"""The tables name what the grammars have."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.binding_rules import RULES, family
from mellum_ls.context.languages.grammars import GRAMMARS

BY_NAME = {grammar.name: grammar for grammar in GRAMMARS}
# Dialects share a table: what JavaScript lacks TypeScript has.
SHARED = {"javascript": ("tsx", "javascript"), "typescript": ("tsx", "javascript"), "tsx": ("tsx", "javascript")}


@pytest.mark.parametrize("name", RULES)
def test_every_node_and_field_of_a_table_is_in_the_grammar(name: str) -> None:
    rules = RULES[name]
    kinds: set[str] = set()
    fields: set[str] = {"-"}
    for other in SHARED.get(name, (name,)):
        language = BY_NAME[other].load()
        kinds |= {language.node_kind_for_id(number) or "" for number in range(language.node_kind_count)}
        fields |= {language.field_name_for_id(number) or "" for number in range(language.field_count + 1)}
    places = {*rules.binders, *rules.patterns, *rules.members, *rules.keys, *rules.calls.items()}
    assert {kind for kind, _ in places} | rules.scopes | rules.functions | rules.classes <= kinds
    assert {field for _, field in places} | set(rules.members.values()) <= fields


def test_families() -> None:
    assert family("tsx") == family("javascript") == family("typescript") != family("java")

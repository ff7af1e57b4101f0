import dataclasses
from typing import get_args

import pytest

from mellum_ls.context.languages.grammars import GRAMMARS
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Import, Kind, Symbol, Use
from tests.context.languages.sample_texts import sample


def test_every_kind_is_found_in_some_language_and_no_other() -> None:
    kinds = set()
    for grammar in GRAMMARS:
        text = sample(grammar).encode()
        tree = parse(text, grammar)
        assert tree is not None
        kinds |= {symbol.kind for symbol in outline(text, tree, grammar)}
    assert kinds == set(get_args(Kind))


def test_they_are_plain_values() -> None:
    symbol = Symbol("area", "method", 1, 3, 20, 60, 2, "def area(self)", container="Shape")
    assert {symbol: 1}[dataclasses.replace(symbol)] == 1
    assert dataclasses.replace(symbol, start_line=0) != symbol
    assert (symbol.doc, Import("a.b").names, Import("a.b").system) == ("", (), False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Use("area", 1, 4, 8).line = 2  # type: ignore[misc]

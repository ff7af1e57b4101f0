"""What is kept of a text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.index.analysis import MOST_TERMS, analyse, bag_of
from mellum_ls.context.languages.symbols import Import

TEXT = '''import os.path
from models import User as Person

class Shop(Base):
    """Sells things."""

    def sell(self, item: Item) -> int:
        return price_of(item)
'''


def test_a_python_file() -> None:
    found = analyse("a/shop.py", TEXT)
    assert found.grammar == "python"
    assert [(s.name, s.kind, s.container) for s in found.symbols] == [("Shop", "class", ""), ("sell", "method", "Shop")]
    assert {"Base", "Item", "price_of"} <= set(found.uses)
    assert list(found.uses) == sorted(set(found.uses))
    assert found.imports == (Import("os.path", (), (), 0), Import("models", ("User",), (), 1))
    ((chunk),) = found.chunks
    assert (chunk.start_line, chunk.end_line) == (0, 8)
    assert {"shop", "sell", "price"} <= set(chunk.bag.split())


def test_a_file_of_no_known_language_is_words() -> None:
    found = analyse("notes.xyz", "The shop sells\n" * 70)
    assert (found.grammar, found.symbols, found.uses, found.imports) == ("", (), (), ())
    assert [(c.start_line, c.end_line) for c in found.chunks] == [(0, 58), (58, 70)]


def test_an_empty_file_has_no_chunks() -> None:
    assert analyse("a.py", "").chunks == ()


def test_a_bag_keeps_no_order_and_no_crowd() -> None:
    assert bag_of("beta alpha beta") == "alpha beta"
    many = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(MOST_TERMS + 500))
    assert len(bag_of(many).split()) == MOST_TERMS
    assert "alpha" in bag_of(f"{many} alpha alpha").split()


def test_equal_texts_have_equal_digests() -> None:
    assert analyse("a.py", TEXT).digest == analyse("b.js", TEXT).digest
    assert analyse("a.py", TEXT).digest != analyse("a.py", TEXT + " ").digest


def test_a_broken_grammar_leaves_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ImportError("no such package")

    monkeypatch.setattr("mellum_ls.context.index.analysis.parse", broken)
    found = analyse("a.py", TEXT)
    assert found.symbols == ()
    assert "shop" in found.chunks[0].bag.split()


@settings(deadline=None)
@given(st.text(), st.sampled_from(["a.py", "a.ts", "a.rs", "a.md", "a.json", "a"]))
def test_no_text_raises(text: str, path: str) -> None:
    found = analyse(path, text)
    assert sum(c.end_line - c.start_line for c in found.chunks) == len(text.removesuffix("\n").split("\n")) * bool(text)
    found.chunks and "".join(c.bag for c in found.chunks).encode("utf-8")

import re
from dataclasses import replace

import pytest

from mellum_ls.context.selection.engine import MOVED_LINES
from mellum_ls.context.selection.place import Edit, OpenFile, Place, Recent, Visit
from tests.fakes.indexed_repository import SHOP, Repository


def cart_place(repository: Repository, line_with: str = "self.items.append") -> Place:
    """In cart.py, at a line that is not there yet."""
    lines = repository.files["shop/cart.py"].split("\n")
    row = next(row for row, line in enumerate(lines) if line_with in line)
    lines[row] = "        "
    return Place("shop/cart.py", "\n".join(lines), row, 8)


def test_what_the_hidden_line_needs_is_there_though_it_cannot_be_read() -> None:
    repository = Repository(SHOP)
    selection = repository.engine().select(cart_place(repository))
    texts = dict(selection.context)
    assert "def parse_money(text: str) -> Money: ..." in "\n".join(text for _, text in selection.context) or (
        "def parse_money(text: str) -> Money:" in texts["shop/money.py"]
    )
    assert "_touch" in "\n".join(text for _, text in selection.context)
    assert "shop/cart.py" not in texts


def test_a_tiny_budget_still_has_the_heads_of_what_is_imported() -> None:
    repository = Repository(SHOP)
    selection = repository.engine(500).select(cart_place(repository))
    assert 0 < selection.chars <= 500
    assert "parse_money" in "\n".join(text for _, text in selection.context)


def test_equal_states_make_equal_bytes() -> None:
    one, other = Repository(SHOP), Repository(dict(reversed(SHOP.items())))
    place = cart_place(one)
    assert one.engine().select(place).context == other.engine().select(place).context


def test_typing_on_leaves_what_stands() -> None:
    repository = Repository(SHOP)
    engine = repository.engine()
    place = cart_place(repository)
    before = engine.select(place).context
    lines = place.text.split("\n")
    for typed in ("x", "x = Mon", "x = Money(", "x = Money(3).plus("):
        lines[place.line] = "        " + typed
        after = engine.select(replace(place, text="\n".join(lines), column=8 + len(typed))).context
        assert after[: len(before)] == before
        before = after


def test_what_becomes_refused_leaves_at_once_and_stays_out() -> None:
    repository = Repository(SHOP)
    engine = repository.engine()
    place = cart_place(repository)
    assert "shop/money.py" in dict(engine.select(place).context)
    repository.refused["shop/money.py"] = "ignored by .gitignore"
    assert "shop/money.py" not in dict(engine.current().context)
    selection = engine.select(place, [OpenFile("shop/money.py", SHOP["shop/money.py"])], idle=True)
    assert "shop/money.py" not in dict(selection.context)
    assert "ignored by .gitignore" in {item.reason for item in selection.left_out}


def test_nothing_is_chosen_for_a_document_that_is_refused() -> None:
    repository = Repository(SHOP)
    place = cart_place(repository)
    repository.refused[place.path] = "a secret"
    assert repository.engine().select(place).context == ()


def test_a_document_that_is_not_worth_indexing_is_still_served() -> None:
    repository = Repository(SHOP)
    place = cart_place(repository)
    repository.noise[place.path] = "is generated"
    assert repository.engine().select(place).context


def test_a_file_that_changed_is_told_anew_at_the_next_renewal() -> None:
    repository = Repository(SHOP)
    engine = repository.engine()
    place = cart_place(repository)
    before = engine.select(place).context
    repository.files["shop/money.py"] = SHOP["shop/money.py"].replace("def plus(self,", "def plus(self, more,")
    engine._index = repository.indexed()
    engine.changed(["shop/money.py"])
    assert engine.select(place).context[: len(before)] == before
    text = "\n".join(text for _, text in engine.select(place, idle=True).context)
    assert "plus(self, more," in text
    assert not re.search(r"plus\(self, other", text)


def test_lines_of_what_was_edited_elsewhere_come_in_without_their_secrets() -> None:
    repository = Repository(
        SHOP | {"other/config.py": "\n".join(["value = 1"] * 3 + ['password = "hunter2"', "end = 2"])}
    )
    recent = Recent(edits=(Edit("other/config.py", 3, 4),), visits=(Visit("notes.txt", 0),))
    text = "\n".join(text for _, text in repository.engine().select(cart_place(repository), recent=recent).context)
    assert 'password = "<redacted>"' in text
    assert "The cart adds" in text
    assert "hunter2" not in text


def test_a_text_of_no_known_language_is_served_by_similar_text() -> None:
    repository = Repository(SHOP)
    place = Place("todo.txt", "The cart adds its items and their total somewhere.\n\n", 1)
    assert "notes.txt" in dict(repository.engine().select(place).context)


def test_a_repository_with_nothing_to_say_gives_nothing() -> None:
    repository = Repository({"a.py": "x = 1\n", "far/b.md": "# Zebra\n"})
    assert repository.engine().select(Place("a.py", "x = 1\n", 1)).context == ()


def test_a_renewal_is_due_at_another_place() -> None:
    repository = Repository(SHOP)
    engine = repository.engine()
    place = cart_place(repository)
    assert engine.due(place)
    engine.select(place)
    assert not engine.due(replace(place, line=place.line + MOVED_LINES - 1))
    assert engine.due(replace(place, line=place.line + MOVED_LINES))
    assert engine.due(replace(place, path="shop/money.py"))


def test_the_explanation_names_every_text_and_holds_none() -> None:
    repository = Repository(SHOP)
    selection = repository.engine().select(cart_place(repository))
    told = selection.explain()
    chosen = told["chosen"]
    assert isinstance(chosen, list)
    assert [item["path"] for item in chosen] == [path for path, _ in selection.context]
    assert all(item["reasons"] and item["chars"] > 0 for item in chosen)
    assert sum(item["chars"] for item in chosen) == told["chars"] == selection.chars
    assert "partition(" not in str(told)


@pytest.mark.parametrize("path", ["shop/cart.py", "x.unknown", "a.json", "b.go"])
@pytest.mark.parametrize("text", ["", "\x00\x01\x02", "def (((", "\ud800 lone", "x" * 400_000])
def test_no_document_raises(path: str, text: str) -> None:
    repository = Repository(SHOP)
    selection = repository.engine(2000).select(Place(path, text, 0), [OpenFile("junk", text)])
    assert selection.chars <= 2000

from mellum_ls.context.selection.asking import ask
from mellum_ls.context.selection.live import Documents
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question, Wanted

TEXT = """\
from shop import used_thing, unused_thing, Original as Renamed
import json


class Cart(Basket):
    def total(self, price: Money, count: int) -> Sum:
        near_call(price)

        behind_call()

    def other(self):
        far_in_class()


def outside():
    used_thing()
    far_outside()
"""


def asked(line: int, text: str = TEXT, path: str = "a.py") -> Question:
    place = Place(path, text, line)
    return ask(place, Documents().parsed(place))


def named(question: Question) -> dict[str, Wanted]:
    return {want.name: want for want in question.wanted}


def test_nearer_uses_weigh_more() -> None:
    found = named(asked(7))
    assert found["near_call"].weight >= found["behind_call"].weight > found["far_in_class"].weight
    assert found["far_in_class"].weight > 0


def test_a_use_on_the_line_itself_weighs_most() -> None:
    assert named(asked(11))["far_in_class"].weight >= 1.0


def test_an_import_that_nothing_uses_weighs_more_than_one_that_is_used() -> None:
    found = named(asked(7))
    assert found["unused_thing"].weight > found["used_thing"].weight
    assert found["unused_thing"].imported
    assert found["used_thing"].imported
    assert "not used yet" in found["unused_thing"].why


def test_a_renamed_import_is_asked_for_by_its_own_name() -> None:
    found = named(asked(7))
    assert found["Original"].imported
    assert found["Original"].weight > 0.9


def test_the_class_around_the_cursor_names_its_base_and_the_function_its_types() -> None:
    found = named(asked(7))
    assert found["Basket"].base
    assert not found["Money"].base
    assert found["Money"].weight > 0.8 > found["count"].weight if "count" in found else True
    assert "Basket" not in named(asked(16)) or not named(asked(16))["Basket"].base


def test_what_the_file_defines_itself_is_not_asked_for() -> None:
    found = named(asked(7))
    assert "Cart" not in found
    assert "outside" not in found


def test_an_imported_name_is_asked_for_even_where_the_file_has_one_of_that_name() -> None:
    text = "from a import run\n\n\nclass B:\n    def run(self):\n        run()\n"
    assert named(asked(5, text))["run"].imported


def test_words_are_those_around_the_cursor_the_nearest_first() -> None:
    words = asked(6).words
    assert words["near"] > words.get("far", 0)
    assert list(words.values()) == sorted(words.values(), reverse=True)
    assert all(0 < weight <= 1 for weight in words.values())


def test_heaviest_first_and_no_name_twice() -> None:
    wanted = asked(7).wanted
    weights = [want.weight for want in wanted]
    assert weights == sorted(weights, reverse=True)
    assert len({want.name for want in wanted}) == len(wanted)


def test_a_text_of_no_language_asks_by_its_words() -> None:
    question = asked(0, "adds parse_money to it", "notes.txt")
    assert "parse_money" in named(question)
    assert "money" in question.words

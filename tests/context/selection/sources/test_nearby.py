from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.sources.nearby import cochanged, counterparts, neighbours
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import SHOP, Repository


def desk(changes: dict[str, dict[str, int]] | None = None) -> Desk:
    repository = Repository(SHOP, changes)
    return Desk(repository.index, Texts(repository), counterparts=repository.counterparts)


def test_neighbours_are_files_of_the_same_folder_and_language() -> None:
    found = {item.path for item in neighbours(Question(Place("shop/cart.py", "", 0)), desk())}
    assert found == {"shop/money.py", "shop/base.py", "shop/report.py", "shop/unrelated.py"}


def test_a_neighbour_that_is_spoken_of_goes_first() -> None:
    question = Question(Place("shop/cart.py", "", 0), words={"report": 1.0})
    assert neighbours(question, desk())[0].path == "shop/report.py"


def test_a_test_finds_what_it_tests_and_the_other_way_round() -> None:
    tested = counterparts(Question(Place("tests/test_cart.py", "", 0)), desk())
    assert ("shop/cart.py", "total") in {(item.path, item.name) for item in tested}
    testing = counterparts(Question(Place("shop/cart.py", "", 0)), desk())
    assert {item.path for item in testing} == {"tests/test_cart.py"}


def test_one_common_change_is_chance_and_two_are_not() -> None:
    at = desk({"shop/cart.py": {"shop/unrelated.py": 1, "shop/report.py": 2}})
    assert {item.path for item in cochanged(Question(Place("shop/cart.py", "", 0)), at)} == {"shop/report.py"}

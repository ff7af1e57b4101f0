from mellum_ls.context.selection.candidates import lines_of
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question, Wanted
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.sources.echoes import echoes
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import SHOP, Repository

LIKE = [lines_of("shop/cart.py", 0, 40, "similar code")]


def offered(question: Question, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    repository = Repository(files or SHOP)
    return [(item.path, item.name) for item in echoes(question, Desk(repository.index, Texts(repository)), LIKE)]


def test_what_similar_code_calls_is_offered() -> None:
    assert ("shop/money.py", "parse_money") in offered(Question(Place("shop/other.py", "", 0)))


def test_what_is_asked_for_anyway_is_left_to_others() -> None:
    question = Question(Place("shop/other.py", "", 0), wanted=(Wanted("parse_money", 0.5),))
    assert ("shop/money.py", "parse_money") not in offered(question)


def test_a_name_that_is_everywhere_is_no_echo() -> None:
    files = SHOP | {f"m{row}.py": "def parse_money(): pass\n" for row in range(6)}
    assert "parse_money" not in {name for _, name in offered(Question(Place("shop/other.py", "", 0)), files)}


def test_the_file_itself_is_no_echo() -> None:
    assert "shop/money.py" not in {path for path, _ in offered(Question(Place("shop/money.py", "", 0)))}

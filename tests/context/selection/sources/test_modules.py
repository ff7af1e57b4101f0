from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question, Wanted
from mellum_ls.context.selection.sources.definitions import meant
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.sources.modules import exports, skeletons
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import SHOP, Repository


def offered(question: Question, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    repository = Repository(files or SHOP)
    desk = Desk(repository.index, Texts(repository))
    return [(item.path, item.name) for item in skeletons(question, desk, meant(question, desk))]


def test_the_symbols_of_the_imported_files_without_private_ones() -> None:
    found = offered(Question(Place("shop/cart.py", "", 0), "python", imported_files=("shop/money.py",)))
    assert ("shop/money.py", "parse_money") in found
    assert ("shop/money.py", "_check") not in found


def test_a_file_whose_names_are_used_goes_before_one_that_is_only_imported() -> None:
    files = {"a.py": "def one(): pass\n", "b.py": "def two(): pass\n"}
    question = Question(Place("c.py", "", 0), "python", (Wanted("two", 0.9),), imported_files=("a.py", "b.py"))
    assert offered(question, files) == [("b.py", "two"), ("a.py", "one")]


def test_a_file_that_only_passes_on_leads_to_what_it_passes_on() -> None:
    question = Question(Place("main.py", "", 0), "python", imported_files=("shop/__init__.py",))
    assert ("shop/cart.py", "Cart") in offered(question)


def test_what_sounds_like_the_question_goes_first_and_no_file_takes_all() -> None:
    files = {
        "a.py": "".join(f"def func{row}(): pass\n" for row in range(30)) + "def send_mail(): pass\n",
        "b.py": "def other(): pass\n",
    }
    question = Question(Place("c.py", "", 0), "python", imported_files=("a.py", "b.py"), words={"mail": 1.0})
    found = offered(question, files)
    assert found[0] == ("a.py", "send_mail")
    assert found.index(("b.py", "other")) < 10


def test_the_file_itself_is_not_its_own_module() -> None:
    assert offered(Question(Place("shop/cart.py", "", 0), "python", imported_files=("shop/cart.py",))) == []


def exported(line: str, imported: tuple[str, ...]) -> list[str]:
    repository = Repository(SHOP | {"shop/names.py": "def beta(): pass\ndef alpha(): pass\ndef _own(): pass\n"})
    question = Question(Place("main.py", line, 0, len(line)), "python", imported_files=imported)
    return [item.name for item in exports(question, Desk(repository.index, Texts(repository)))]


def test_a_list_of_imports_is_written_from_what_the_module_defines() -> None:
    found = exported("from shop.names import alpha, ", ("shop/money.py", "shop/names.py"))
    assert found == ["beta", "_own"]
    assert exported("x = ", ("shop/money.py", "shop/names.py")) == []


def test_a_list_of_imports_goes_on_in_the_order_of_the_alphabet() -> None:
    assert exported("from shop.money import Money, ", ("shop/money.py",))[:2] == ["RATE", "parse_money"]
    assert exported("from shop.money import P, ", ("shop/money.py",))[-1] == "Money"


def test_a_list_of_imports_from_a_barrel_is_written_from_what_it_passes_on() -> None:
    assert "Cart" in exported("from shop import ", ("shop/__init__.py", "shop/names.py"))

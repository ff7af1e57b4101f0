from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question, Wanted
from mellum_ls.context.selection.sources.definitions import bodies, heads, meant, members
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import SHOP, Repository


def asked(*wanted: Wanted, path: str = "shop/cart.py", imported: tuple[str, ...] = ()) -> Question:
    return Question(Place(path, "", 0), "python", wanted, imported_files=imported)


def desk(files: dict[str, str]) -> Desk:
    repository = Repository(files)
    return Desk(repository.index, Texts(repository))


def named(question: Question, at: Desk) -> list[tuple[str, str]]:
    return [(item.path, item.name) for item in heads(meant(question, at))]


def test_what_is_imported_goes_before_what_has_the_same_name_elsewhere() -> None:
    files = {"shop/a.py": "def run(): pass\n", "far/away/b.py": "def run(): pass\n"}
    question = asked(Wanted("run", 0.5), imported=("far/away/b.py",))
    assert named(question, desk(files)) == [("far/away/b.py", "run"), ("shop/a.py", "run")]


def test_an_imported_name_means_what_the_imported_file_has_at_its_top_and_nothing_else() -> None:
    files = {"shop/a.py": "class A:\n    def run(self): pass\n\n\ndef run(): pass\n", "shop/b.py": "def run(): pass\n"}
    found = meant(asked(Wanted("run", 0.5, imported=True), imported=("shop/a.py",)), desk(files))
    assert [(item.path, item.container) for _, _, item in found] == [("shop/a.py", "")]


def test_the_nearer_definition_goes_first() -> None:
    files = {"far/a.py": "def run(): pass\n", "shop/z.py": "def run(): pass\n"}
    assert named(asked(Wanted("run", 0.5)), desk(files)) == [("shop/z.py", "run"), ("far/a.py", "run")]


def test_a_name_with_many_definitions_counts_for_little() -> None:
    files = {f"shop/m{row}.py": "def get(): pass\n" for row in range(7)} | {"shop/x.py": "def rare(): pass\n"}
    question = asked(Wanted("get", 1.0), Wanted("rare", 0.5))
    assert named(question, desk(files))[0] == ("shop/x.py", "rare")


def test_another_language_and_another_files_private_names_count_for_little() -> None:
    files = {"shop/a.go": "package a\n\nfunc run() {}\n", "far/b.py": "def run(): pass\n"}
    assert named(asked(Wanted("run", 0.5)), desk(files))[0] == ("far/b.py", "run")
    files = {"shop/a.py": "def _run(): pass\n", "shop/b.py": "def other(): pass\n"}
    assert named(asked(Wanted("_run", 0.5), Wanted("other", 0.4)), desk(files))[0] == ("shop/b.py", "other")


def test_the_file_itself_is_never_a_definition() -> None:
    assert named(asked(Wanted("Cart", 1.0)), desk(SHOP)) == []


def test_bodies_are_those_of_the_heaviest_only() -> None:
    at = desk(SHOP)
    found = meant(asked(Wanted("parse_money", 0.9), Wanted("frobnicate", 0.2)), at)
    assert [(item.path, item.name) for item in bodies(found)] == [("shop/money.py", "parse_money")]
    piece = bodies(found)[0]
    text = SHOP["shop/money.py"].split("\n")[piece.start_line : piece.end_line]
    assert text[0].startswith("def parse_money")
    assert "return Money" in text[-1]


def test_members_of_a_class_and_of_what_it_is_derived_from() -> None:
    at = desk(SHOP)
    question = asked(Wanted("Cart", 0.9), path="shop/report.py")
    found = [item.name for item in members(meant(question, at), question, at)]
    assert {"add_item", "total", "count_items"} <= set(found)
    assert found.index("total") < found.index("count_items") or found.index("add_item") < found.index("count_items")


def test_a_base_class_shows_what_is_private_first_where_it_fits() -> None:
    at = desk(SHOP)
    base = asked(Wanted("Basket", 0.9, base=True))
    used = asked(Wanted("Basket", 0.9))
    assert [item.name for item in members(meant(base, at), base, at)].index("_touch") <= 2
    assert "_touch" in [item.name for item in members(meant(used, at), used, at)][-2:]


def test_an_imported_name_is_found_however_many_others_have_it() -> None:
    files = {f"a{row:02}.py": "def run(): pass\n" for row in range(20)} | {"z/last.py": "def run(): pass\n"}
    question = asked(Wanted("run", 0.5, imported=True), imported=("z/last.py",))
    assert named(question, desk(files)) == [("z/last.py", "run")]

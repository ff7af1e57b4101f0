from mellum_ls.context.selection.place import OpenFile, Place
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.sources.similar import WINDOW_LINES, hits, in_open_files
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import SHOP, Repository

PLACE = Place("shop/cart.py", "", 0)


def desk(files: dict[str, str] | None = None, opened: dict[str, str] | None = None) -> Desk:
    repository = Repository(files or SHOP)
    texts = Texts(repository)
    texts.show([OpenFile(path, text) for path, text in (opened or {}).items()])
    return Desk(repository.index, texts)


def test_hits_are_of_other_files_the_best_first() -> None:
    found = hits(Question(PLACE, words={"frobnicate": 1.0, "total": 0.5}), desk())
    assert found[0].path == "shop/unrelated.py"
    assert "shop/cart.py" not in {item.path for item in found}


def test_no_words_no_hits() -> None:
    assert hits(Question(PLACE), desk()) == []
    assert in_open_files(Question(PLACE), desk(opened={"a.py": "text"})) == []


def test_of_an_open_file_the_window_is_found_that_is_most_alike() -> None:
    filler = [f"nothing{row} of{row} note{row}" for row in range(200)]
    filler[100:104] = ["price total", "add item", "price item", "cart"]
    opened = {"long.txt": "\n".join(filler), "none.txt": "zebra\n" * 9}
    words = dict.fromkeys(("price", "total", "add", "item", "cart"), 1.0)
    found = in_open_files(
        Question(PLACE, words=words | dict.fromkeys(("nothing", "of", "note"), 0.1)), desk(opened=opened)
    )
    assert [item.path for item in found] == ["long.txt"]
    assert found[0].start_line <= 100 < found[0].end_line <= found[0].start_line + WINDOW_LINES


def test_the_document_itself_is_not_an_open_file_like_it() -> None:
    words = {"cart": 1.0, "total": 1.0}
    assert in_open_files(Question(PLACE, words=words), desk(opened={"shop/cart.py": "cart total"})) == []
    assert len(in_open_files(Question(PLACE, words=words), desk(opened={"b.py": "cart total"}))) == 1

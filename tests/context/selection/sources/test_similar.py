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
    assert in_open_files(at_the_end(""), desk(opened={"a.py": "text"})) == []


def at_the_end(text: str, path: str = "shop/cart.py", visible: tuple[int, int] | None = None) -> Question:
    return Question(Place(path, text, text.count("\n"), visible=visible))


def filler(count: int) -> list[str]:
    return ["nothing of note"] * count


def test_of_an_open_file_the_window_is_found_that_is_most_alike() -> None:
    long = filler(200)
    long[100:104] = ["price total", "add item", "price item", "cart"]
    opened = {"long.txt": "\n".join(long), "none.txt": "zebra\n" * 9}
    found = in_open_files(at_the_end("price total add\nitem cart"), desk(opened=opened))
    assert [item.path for item in found] == ["long.txt"]
    assert found[0].start_line <= 100 < found[0].end_line <= found[0].start_line + WINDOW_LINES


def test_names_far_before_the_cursor_do_not_count() -> None:
    opened = {"b.py": "cart total"}
    near = "\n".join(["cart total", *filler(WINDOW_LINES - 1)])
    assert len(in_open_files(at_the_end(near), desk(opened=opened))) == 1
    assert in_open_files(at_the_end(near + "\nzebra"), desk(opened=opened)) == []


def test_of_the_document_itself_only_what_is_out_of_sight_is_like_it() -> None:
    text = "\n".join(["cart total"] * 3 + filler(100) + ["cart total"] * 3)
    shown = desk(opened={"shop/cart.py": text})
    assert in_open_files(at_the_end(text), shown) == []
    found = in_open_files(at_the_end(text, visible=(90, 200)), shown)
    assert [item.path for item in found] == ["shop/cart.py"] * len(found)
    assert found[0].start_line == 0
    assert all(item.end_line <= 90 for item in found)
    behind = "\n".join(["cart total"] * 3 + filler(100) + ["cart total"] * 3)
    below = in_open_files(Question(Place("shop/cart.py", behind, 2, visible=(0, 20))), shown)
    assert below
    assert all(item.start_line >= 20 for item in below)


def test_windows_of_one_file_do_not_overlap() -> None:
    text = "\n".join(["cart total price"] * 400)
    found = in_open_files(at_the_end(text, visible=(390, 400)), desk(opened={"shop/cart.py": text}))
    spans = sorted((item.start_line, item.end_line) for item in found)
    assert len(spans) == 2
    assert spans[0][1] <= spans[1][0]

from mellum_ls.context.selection.place import Edit, OpenFile, Place, Recent, Visit
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk
from mellum_ls.context.selection.sources.recent import opened, places
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import SHOP, Repository

QUESTION = Question(Place("shop/cart.py", "", 0))


def desk(recent: Recent, *open_files: str) -> Desk:
    repository = Repository(SHOP)
    texts = Texts(repository)
    texts.show([OpenFile(path, SHOP[path]) for path in open_files])
    return Desk(repository.index, texts, recent)


def test_edits_go_before_visits_and_lines_come_with_their_surroundings() -> None:
    recent = Recent(edits=(Edit("a.py", 50, 52),), visits=(Visit("b.py", 40), Visit("c.py", 3)))
    found = places(QUESTION, desk(recent))
    assert [item.path for item in found] == ["a.py", "b.py", "c.py"]
    assert found[0].start_line < 50
    assert found[0].end_line > 52
    assert found[2].start_line == 0


def test_what_was_done_in_the_document_itself_is_not_said_again() -> None:
    recent = Recent((Edit("shop/cart.py", 1, 2),), (Visit("shop/cart.py", 1),), ("shop/cart.py",))
    assert places(QUESTION, desk(recent)) == []
    assert opened(QUESTION, desk(recent)) == []


def test_opened_and_open_files_give_their_heads_without_private_ones() -> None:
    found = [
        (item.path, item.name) for item in opened(QUESTION, desk(Recent(opened=("shop/money.py",)), "shop/base.py"))
    ]
    assert ("shop/money.py", "parse_money") in found
    assert ("shop/base.py", "Basket") in found
    assert ("shop/money.py", "_check") not in found
    assert found[0][0] == "shop/money.py"

from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question


def test_terms_are_the_words_in_their_order() -> None:
    assert Question(Place("a.py", "", 0), words={"zebra": 0.9, "ant": 0.2}).terms == ["zebra", "ant"]

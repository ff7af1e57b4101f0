from mellum_ls.context.selection.place import OpenFile
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import Repository


def test_a_file_is_read_once_until_it_is_said_to_have_changed() -> None:
    repository = Repository({"a.txt": "one"})
    texts = Texts(repository)
    assert texts.lines("a.txt") == ("one",)
    repository.files["a.txt"] = "two"
    assert texts.lines("a.txt") == ("one",)
    assert repository.reads == ["a.txt"]
    texts.forget(["b.txt"])
    assert texts.lines("a.txt") == ("one",)
    texts.forget(["a.txt"])
    assert texts.lines("a.txt") == ("two",)


def test_what_is_open_counts_as_it_is_in_the_editor_without_its_secrets() -> None:
    repository = Repository({"a.txt": "one"})
    texts = Texts(repository)
    texts.show([OpenFile("a.txt", "key = hunter2")])
    assert texts.lines("a.txt") == ("key = <redacted>",)
    texts.show([OpenFile("a.txt", "three")])
    assert texts.lines("a.txt") == ("three",)
    texts.show([])
    assert texts.lines("a.txt") == ("one",)


def test_what_is_refused_is_neither_read_nor_taken_from_the_editor() -> None:
    repository = Repository({"a.txt": "one"})
    repository.refused["a.txt"] = "ignored"
    texts = Texts(repository)
    texts.show([OpenFile("a.txt", "open")])
    assert texts.open_paths == ()
    assert texts.lines("a.txt") is None
    assert repository.reads == []


def test_what_cannot_be_read_is_none_and_stays_so() -> None:
    repository = Repository({})
    texts = Texts(repository)
    assert texts.lines("gone.txt") is None
    assert texts.lines("gone.txt") is None
    assert repository.reads == ["gone.txt"]


def test_a_huge_open_document_counts_as_it_is_on_disk() -> None:
    texts = Texts(Repository({"a.txt": "on disk"}))
    texts.show([OpenFile("a.txt", "x" * 300_001)])
    assert texts.lines("a.txt") == ("on disk",)


def test_what_is_only_not_worth_reading_counts_where_it_is_open() -> None:
    repository = Repository({"build/a.txt": "on disk"})
    repository.noise["build/a.txt"] = "is generated"
    texts = Texts(repository)
    assert texts.refuses("build/a.txt") == "is generated"
    assert texts.lines("build/a.txt") is None
    assert texts.private("build/a.txt") is None
    texts.show([OpenFile("build/a.txt", "open")])
    assert texts.refuses("build/a.txt") is None
    assert texts.lines("build/a.txt") == ("open",)

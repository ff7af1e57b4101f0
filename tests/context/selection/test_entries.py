from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.choosing import Choice
from mellum_ls.context.selection.entries import Shown, laid_out
from mellum_ls.context.selection.fusion import Scored


def head(path: str, name: str, line: int = 0) -> Candidate:
    return Candidate(path, line, line + 3, "outline", "r", f"def {name}()", name, "", "function")


def lines(path: str, start: int, text: str = "") -> Candidate:
    return Candidate(path, start, start + 10, "lines", "r", text or f"first of {path}\nsecond at {start}")


def scored(item: Candidate, score: float) -> Scored:
    return Scored(item, score, item.key)


def test_skeletons_stand_by_path_and_then_text_with_the_best_last() -> None:
    heads = (scored(head("b.py", "f", 9), 0.9), scored(head("a.py", "g"), 0.5), scored(head("b.py", "h", 2), 0.4))
    texts = (scored(lines("z.py", 0), 0.8), scored(lines("y.py", 0), 0.7))
    entries = laid_out(Choice(heads, texts, 0))
    assert [(entry.path, entry.is_lines) for entry in entries] == [
        ("a.py", False),
        ("b.py", False),
        ("y.py", True),
        ("z.py", True),
    ]
    assert entries[1].text == "def h(): ...\ndef f(): ..."
    assert entries[1].score == 0.9


def test_shown_is_what_has_the_same_key_or_lies_in_the_lines_or_reads_the_same() -> None:
    shown = Shown(laid_out(Choice((scored(head("a.py", "f"), 1),), (scored(lines("b.py", 20), 1),), 0)))
    assert head("a.py", "f", 77) in shown
    assert head("a.py", "g") not in shown
    assert head("b.py", "g", 25) in shown
    assert head("b.py", "g", 30) not in shown
    assert lines("b.py", 20, "now another text") in shown
    assert lines("moved.py", 3, "first of b.py\nsecond at 20") in shown
    assert lines("b.py", 3) not in shown


def test_lines_of_which_more_than_half_stand_already_are_shown() -> None:
    shown = Shown(laid_out(Choice((), (scored(lines("b.py", 20), 1),), 0)))
    assert lines("b.py", 24) in shown
    assert lines("b.py", 25) not in shown

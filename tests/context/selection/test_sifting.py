from mellum_ls.context.selection.candidates import Candidate, lines_of
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.sifting import MOST_PER_FILE, MOST_READ, LeftOut, alike, line_set, sift
from mellum_ls.context.selection.texts import Texts
from tests.fakes.indexed_repository import Repository

LINES = [f"line number {row} says {row * row}" for row in range(300)]
PLACE = Place("here.py", "nothing\nof\nnote\n", 1)


def scored(*candidates: Candidate) -> list[Scored]:
    return [Scored(item, 1.0 / (row + 1), item.key) for row, item in enumerate(candidates)]


def sifted(
    files: dict[str, str], *candidates: Candidate, place: Place = PLACE, refused: str = ""
) -> tuple[list[Scored], list[LeftOut]]:
    repository = Repository(files)
    if refused:
        repository.refused[refused] = "kept back"
    return sift(scored(*candidates), place, Texts(repository), 100_000)


def ranges(kept: list[Scored]) -> list[tuple[str, int, int]]:
    return [(item.candidate.path, item.candidate.start_line, item.candidate.end_line) for item in kept]


def test_texts_are_filled_in() -> None:
    kept, left = sifted({"a.txt": "\n".join(LINES)}, lines_of("a.txt", 2, 4, "x"))
    assert [item.candidate.text for item in kept] == ["\n".join(LINES[2:4])]
    assert left == []


def test_what_is_refused_is_left_out_with_the_gates_reason() -> None:
    kept, left = sifted({"a.txt": "some text"}, lines_of("a.txt", 0, 1, "x"), refused="a.txt")
    assert kept == []
    assert left[0].reason == "kept back"


def test_ranges_that_overlap_or_touch_become_one_with_the_better_score() -> None:
    files = {"a.txt": "\n".join(LINES)}
    kept, _ = sifted(
        files, lines_of("a.txt", 30, 40, "x"), lines_of("a.txt", 20, 32, "y"), lines_of("a.txt", 42, 50, "z")
    )
    assert ranges(kept) == [("a.txt", 20, 50)]
    assert kept[0].score == 1.0


def test_far_ranges_and_ranges_that_would_be_too_long_stay_apart() -> None:
    files = {"a.txt": "\n".join(LINES)}
    assert len(sifted(files, lines_of("a.txt", 0, 10, "x"), lines_of("a.txt", 50, 60, "x"))[0]) == 2
    assert len(sifted(files, lines_of("a.txt", 0, 60, "x"), lines_of("a.txt", 60, 120, "x"))[0]) == 2


def test_near_duplicates_are_said_once() -> None:
    files = {"a.txt": "\n".join(LINES[:40]), "b.txt": "\n".join(["new", *LINES[:40]])}
    kept, left = sifted(files, lines_of("a.txt", 0, 40, "x"), lines_of("b.txt", 0, 41, "x"))
    assert ranges(kept) == [("a.txt", 0, 40)]
    assert "another piece" in left[0].reason


def test_what_stands_around_the_cursor_is_not_said_again() -> None:
    place = Place("here.py", "\n".join(LINES), 20, visible=(0, 60))
    files = {"copy.txt": "\n".join(LINES), "here.py": "\n".join(LINES)}
    kept, left = sifted(
        files,
        lines_of("copy.txt", 10, 20, "x"),
        lines_of("here.py", 30, 40, "x"),
        lines_of("here.py", 100, 110, "x"),
        place=place,
    )
    assert ranges(kept) == [("here.py", 100, 110)]
    assert len(left) == 2


def test_no_more_than_a_few_pieces_of_one_file() -> None:
    files = {"a.txt": "\n".join(LINES)}
    kept, left = sifted(files, *(lines_of("a.txt", 20 * row, 20 * row + 10, "x") for row in range(MOST_PER_FILE + 2)))
    assert len(kept) == MOST_PER_FILE
    assert {item.reason for item in left} == {"enough of that file is chosen"}


def test_what_has_changed_since_it_was_found_is_left_out() -> None:
    kept, left = sifted(
        {"a.py": "def other():\n    pass\n"},
        lines_of("a.py", 0, 2, "x", name="wanted"),
        lines_of("a.py", 90, 99, "x"),
        lines_of("gone.py", 0, 5, "x"),
    )
    assert kept == []
    assert [item.reason for item in left] == [
        "no longer stands where it was found",
        "no longer stands where it was found",
        "cannot be read",
    ]


def test_lines_as_long_as_data_are_left_out() -> None:
    kept, left = sifted({"a.txt": "x" * 5000}, lines_of("a.txt", 0, 1, "x"))
    assert kept == []
    assert "data" in left[0].reason


def test_only_so_many_files_are_read() -> None:
    files = {f"{row}.txt": f"{LINES[row]}\n{LINES[row + 100]}" for row in range(60)}
    repository = Repository(files)
    kept, left = sift(scored(*(lines_of(path, 0, 2, "x") for path in files)), PLACE, Texts(repository), 100_000)
    assert len(repository.reads) == len(kept) == MOST_READ
    assert left == []


def test_no_more_is_read_than_there_is_room_for() -> None:
    files = {f"{row}.txt": "\n".join(f"{row} {line}" for line in LINES[:10]) for row in range(20)}
    repository = Repository(files)
    kept, left = sift(scored(*(lines_of(path, 0, 10, "x") for path in files)), PLACE, Texts(repository), 1200)
    assert len(repository.reads) == len(kept) == 6
    assert {item.reason for item in left} == {"ranked too low to be read"}
    assert len(left) == 14


def test_what_heads_leave_is_read_for() -> None:
    files = {f"{row}.txt": "\n".join(f"{row} {line}" for line in LINES[:10]) for row in range(20)}
    few = [Candidate("a.py", 1, 2, "outline", "r", "def f()", "f")]
    many = [Candidate("a.py", row, row + 1, "outline", "r", f"def f{row}()", f"f{row}") for row in range(400)]
    pieces = [lines_of(path, 0, 10, "x") for path in files]

    def read(*heads: Candidate) -> int:
        kept, _ = sift(scored(*heads, *pieces), PLACE, Texts(Repository(files)), 3000)
        return sum(item.candidate.form == "lines" for item in kept)

    assert read(*few) > read(*many) > 0


def test_alike_is_more_than_nine_tenths_of_the_lines() -> None:
    one = line_set("\n".join(LINES[:100]))
    assert alike(one, line_set("\n".join("   " + line for line in LINES[:95])))
    assert not alike(one, line_set("\n".join(LINES[:85])))
    assert not alike(frozenset(), frozenset())


def test_of_heads_only_the_best_are_judged() -> None:
    heads = [Candidate(f"{row}.py", 0, 1, "outline", "r", "x" * 99, "x") for row in range(20)]
    repository = Repository({})
    judged: list[str] = []
    repository.private = lambda path: judged.append(path)  # type: ignore[method-assign, func-returns-value, assignment]
    kept, _ = sift(scored(*heads), PLACE, Texts(repository), 800)
    assert [item.candidate.path for item in kept] == judged == [f"{row}.py" for row in range(9)]

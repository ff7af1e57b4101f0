from itertools import pairwise
from pathlib import Path

import pytest

from mellum_ls.lsp_server.demo import plan, sources


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[sources.Source]:
    return sources.copy(sources.default_repository(), tmp_path_factory.mktemp("scratch"))


def test_the_same_seed_makes_the_same_choice(files: list[sources.Source]) -> None:
    first = plan.choose(files, 14, 1)
    assert len(first) == 14
    assert plan.choose(list(reversed(files)), 14, 1) == first
    assert plan.choose(files, 14, 2) != first


def test_what_is_chosen_stands_there_to_the_end_of_a_line(files: list[sources.Source]) -> None:
    texts = {source.path: source.text for source in files}
    for edit in plan.choose(files, 28, 3):
        end = edit.start + len(edit.truth)
        assert texts[edit.path][edit.start : end] == edit.truth
        assert texts[edit.path][end] == "\n"
        line_before = texts[edit.path][: edit.start].rpartition("\n")[2]
        assert (edit.kind == "rest") == bool(line_before.strip())
        assert ("\n" in edit.truth) == (edit.kind == "block")


def test_all_kinds_come_and_files_take_turns(files: list[sources.Source]) -> None:
    chosen = plan.choose(files, 14, 4)
    assert {edit.kind for edit in chosen} == set(plan.KINDS)
    counts = [sum(edit.path == path for edit in chosen) for path in {edit.path for edit in chosen}]
    assert max(counts) <= plan.EDITS_PER_FILE
    assert len(counts) >= 3


def test_edits_of_a_file_stand_together_apart_and_downwards(files: list[sources.Source]) -> None:
    chosen = plan.choose(files, 28, 5)
    paths = [edit.path for edit in chosen]
    assert [path for path, after in pairwise([*paths, ""]) if path != after] == list(dict.fromkeys(paths))
    for one, other in pairwise(chosen):
        assert one.path != other.path or one.start + len(one.truth) < other.start


@pytest.mark.parametrize(
    "line",
    [
        "# " + "word " * 8,
        "'a docstring of one line, long enough'",
        "from somewhere import something",
        "x = 1\t + 22222",
        "x = 12 + 12345 ",
    ],
)
def test_what_is_not_worth_typing_is_left_out(line: str) -> None:
    text = "filler\n" * 80 + f"{line}\n"
    assert plan.choose([sources.Source("a.py", text)], 5, 0) == []


def test_docstrings_and_broken_files_are_left_out() -> None:
    docstring = "filler\n" * 80 + 'def f():\n    """Some words\n    value = compute(other, thing)\n    """\n'
    broken = "filler\n" * 80 + "value = compute((other, thing)\n"
    given = [sources.Source("a.py", docstring), sources.Source("b.py", broken)]
    assert [edit.path for edit in plan.choose(given, 5, 0)] == []


def test_the_project_itself_can_be_typed_in(tmp_path: Path) -> None:
    here = sources.given_repository(str(Path(__file__).resolve().parents[3] / "lsp_server"))
    assert len(plan.choose(sources.copy(here, tmp_path), 14, 0)) == 14

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.keystrokes.pair import THINKING_SECONDS, differences, typing_between
from mellum_ls.lsp_server.keystrokes.script import BadScript, Change, Move, Open
from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement, Utf16Text

BEFORE = "def add(a, b):\n    return a\n\n\nprint(add(1, 2))\n"
AFTER = "def add(a, b):\n    return a + b\n\n\ndef twice(a):\n    return add(a, a)\n\n\nprint(add(1, 2))\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def test_the_difference_is_typed_key_by_key_and_what_is_the_same_is_context(tmp_path: Path) -> None:
    same = {"pkg/same.py": "x = 1\n", ".hidden/a.py": "no\n", "notes.bin": "no\n"}
    old = write(tmp_path / "1.0", {"pkg/a.py": BEFORE, "gone.py": "gone\n", **same})
    new = write(tmp_path / "1.1", {"pkg/a.py": AFTER, "new.py": "🙂 = 1\n", **same})
    script = typing_between(old, new)
    assert script.name == "1.0 to 1.1"
    assert script.others() == ["gone.py", "pkg/same.py"]
    texts: dict[str, Utf16Text] = {}
    for step in script.steps:
        if isinstance(step.action, Open):
            texts[step.action.path] = Utf16Text(step.action.text)
        elif isinstance(step.action, Change):
            [one] = step.action.replacements
            texts[step.action.path].edit([one])
            # A line end is typed with the indent that an editor adds to it, everything else alone.
            assert one.text.strip("\n ") == "" or len(one.text) == 1
            assert step.action.caret == one.start + len(Utf16Text(one.text))
        else:
            assert step.pause_s == THINKING_SECONDS
    assert {path: text.text for path, text in texts.items()} == {"pkg/a.py": AFTER, "new.py": "🙂 = 1\n"}


def test_what_is_replaced_is_selected_and_deleted_first(tmp_path: Path) -> None:
    old, new = write(tmp_path / "a", {"x.py": "x = old\n"}), write(tmp_path / "b", {"x.py": "x = new\n"})
    actions = [step.action for step in typing_between(old, new).steps]
    assert actions[1] == Move("x.py", 4, 7)
    assert actions[2] == Change("x.py", (Replacement(4, 7, ""),), 4)
    assert [action.replacements[0].text for action in actions[3:] if isinstance(action, Change)] == ["n", "e", "w"]


LINES = st.lists(st.text(alphabet="ab\r🙂 ", max_size=3), max_size=6).map("\n".join)


@given(LINES, LINES)
def test_the_stretches_make_the_new_text_of_the_old(old: str, new: str) -> None:
    text = Utf16Text(old)
    for stretch in differences(old, new):
        end = stretch.start + len(Utf16Text(stretch.old))
        text.edit([Replacement(stretch.start, end, stretch.new)])
    assert text.text == new


def test_folders_with_nothing_to_type_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", {"x.py": "x\n"})
    with pytest.raises(BadScript, match="nothing differs"):
        typing_between(folder, folder)
    with pytest.raises(BadScript, match="nowhere is not a folder"):
        typing_between(folder, tmp_path / "nowhere")

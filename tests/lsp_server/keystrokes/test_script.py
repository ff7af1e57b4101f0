import pytest

from mellum_ls.lsp_server.keystrokes.script import BadScript, Change, Move, Open, Script, Step, inside
from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement

KEY = (Replacement(0, 0, "x"),)


def test_what_is_asked_and_which_files_nobody_types_in() -> None:
    files = {"long.py": "a = 1\n" * 9, "typed.py": "", "b.py": "b\n", "a.py": "a\n", "blank.py": " \n", "ren.py": "r\n"}
    actions = [Open("long.py", ""), Move("a.py", 0, 0), Change("typed.py", KEY, 1), Change("ren.py", KEY, None)]
    script = Script("s", files, [Step(action, 0.0) for action in actions])
    assert script.asked == 1
    assert script.others() == ["a.py", "b.py", "long.py"]


@pytest.mark.parametrize(
    ("path", "wanted"), [("a.py", "a.py"), ("x\\y.ts", "x/y.ts"), ("./x//y", "x/y"), (".gitignore",) * 2]
)
def test_paths_have_forward_slashes(path: str, wanted: str) -> None:
    assert inside(path) == wanted


@pytest.mark.parametrize("path", ["/etc/passwd", "..\\x", "a/../../x", "c:\\x", "", ".", "\\\\host\\x", "a\0"])
def test_no_path_leads_out_of_the_workspace(path: str) -> None:
    with pytest.raises(BadScript, match="leads out of the workspace"):
        inside(path)

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench import generated_session
from mellum_ls.lsp_server.context_bench.generated_session import LEAST_KEYS_IN_FILE, main, session
from mellum_ls.lsp_server.context_bench.sources import Sources
from mellum_ls.lsp_server.keystrokes.recording import read_recording
from mellum_ls.lsp_server.keystrokes.script import BadScript, Change, Move, Open, Script
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text
from tests.fakes.two_releases import write

OLD = {f"pkg/{name}.py": f"import os\n\n\ndef {name}_old(größe):\n    return '🙂'\n" for name in "abc"}
NEW = {
    path: text.replace("_old", "_new") + "".join(f"\n\ndef step_{i}(x):\n    return x + {i}\n" for i in range(30))
    for path, text in OLD.items()
}
SAME = {"pkg/other.py": "unchanged = 1\n"}


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "old", {**OLD, **SAME}), write(tmp_path / "new", {**NEW, **SAME})


def play(trees: tuple[Path, Path], tmp_path: Path, keys: int, seed: int = 0) -> Script:
    made = session(Sources.read(trees[0]), Sources.read(trees[1]), keys, seed)
    (tmp_path / "session.json").write_text(json.dumps(made))
    return read_recording(tmp_path / "session.json")


def texts_after(script: Script) -> dict[str, str]:
    texts: dict[str, Utf16Text] = {}
    for step in script.steps:
        if isinstance(step.action, Open):
            texts[step.action.path] = Utf16Text(step.action.text)
        elif isinstance(step.action, Change):
            texts[step.action.path].edit(step.action.replacements)
    return {path: text.text for path, text in texts.items()}


def test_as_many_keys_as_wanted_are_typed_at_the_caret_in_several_files(
    trees: tuple[Path, Path], tmp_path: Path
) -> None:
    script = play(trees, tmp_path, 600)
    keys = [step.action for step in script.steps if isinstance(step.action, Change)]
    assert len(keys) == 600
    assert script.asked == 600
    files = [key.path for key in keys]
    switches = [place for place in range(1, len(files)) if files[place] != files[place - 1]]
    assert len(switches) >= 4
    assert set(files) == set(OLD)
    assert min(b - a for a, b in pairwise(switches)) >= LEAST_KEYS_IN_FILE
    erased = [key for key in keys if key.replacements[0].text == ""]
    assert 10 <= len(erased) <= 100
    assert {len(key.replacements[0].text) for key in keys if "\n" not in key.replacements[0].text} == {0, 1}


def test_what_is_typed_to_the_end_is_the_newer_release(
    trees: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated_session, "MOST_FILES", 1)
    most = 0
    with pytest.raises(BadScript, match=r"differ by (\d+) keys") as found:
        play(trees, tmp_path, 100_000)
    most = int(str(found.value).split("differ by ")[1].split()[0])
    [(path, text)] = texts_after(play(trees, tmp_path, most)).items()
    assert text == NEW[path]


def test_equal_wishes_make_equal_sessions_and_the_seed_makes_others(trees: tuple[Path, Path]) -> None:
    old, new = (Sources.read(tree) for tree in trees)
    assert session(old, new, 300) == session(old, new, 300)
    assert session(old, new, 300, seed=1) != session(old, new, 300)


def test_files_that_nobody_opens_lie_on_disk(trees: tuple[Path, Path], tmp_path: Path) -> None:
    script = play(trees, tmp_path, 100)
    assert script.others() == ["pkg/other.py", "pkg/b.py", "pkg/c.py"] or "pkg/other.py" in script.others()
    opened = Counter(step.action.path for step in script.steps if isinstance(step.action, Open))
    assert set(opened.values()) == {1}
    assert "pkg/other.py" not in opened
    assert script.files == {**OLD, **SAME}


def test_time_goes_on_and_carets_move_before_a_change(trees: tuple[Path, Path], tmp_path: Path) -> None:
    script = play(trees, tmp_path, 300)
    assert all(step.pause_s >= 0 for step in script.steps)
    assert any(isinstance(step.action, Move) for step in script.steps)
    assert sum(step.pause_s for step in script.steps) > 300 * 0.1


def test_the_program_writes_a_recording_or_says_why_not(
    trees: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "out.json"
    options = [f"--before={trees[0]}", f"--after={trees[1]}", f"--out={place}"]
    assert main([*options, "--keys=100"]) == 0
    assert read_recording(place).asked == 100
    assert main([f"--before={trees[0]}", f"--after={trees[0]}", f"--out={place}"]) == 2
    assert "differ by 0 keys" in capsys.readouterr().err

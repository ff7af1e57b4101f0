import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.keystrokes.recording import read_recording
from mellum_ls.lsp_server.keystrokes.script import BadScript, Change, Move, Open, Script
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text

SHOP = Path(__file__).parent / "shop_session.json"
PUBLIC = Path(__file__).parents[4] / "shared" / "data" / "recordings"
Json = dict[str, Any]


def texts_after(script: Script) -> dict[str, str]:
    texts: dict[str, Utf16Text] = {}
    for step in script.steps:
        action = step.action
        if isinstance(action, Open):
            texts[action.path] = Utf16Text(action.text)
        elif isinstance(action, Change):
            texts[action.path].edit(action.replacements)
    return {path: text.text for path, text in texts.items()}


def test_the_recorded_session_ends_with_the_recorded_texts() -> None:
    script = read_recording(SHOP)
    texts = texts_after(script)
    assert list(texts) == ["README.md", "shop/prices.py", "shop/orders.py", "pyproject.toml"]
    assert "    return sum(with_vat(item) for item in items)\r\n" in texts["shop/orders.py"]
    assert "to see all 🙂! orders" in texts["README.md"]
    assert texts["shop/prices.py"] == script.files["shop/prices.py"]
    assert "sum(" not in script.files["shop/orders.py"]
    assert script.others() == ["pyproject.toml"]


def test_a_completion_is_asked_for_where_the_caret_is_behind_its_own_edits() -> None:
    changes = [step.action for step in read_recording(SHOP).steps if isinstance(step.action, Change)]
    asked = [change for change in changes if change.caret is not None]
    [not_asked] = [change for change in changes if change.caret is None]
    assert len(not_asked.replacements) == 3
    assert len(asked) == 47
    by_text = {change.replacements[0].text: change for change in asked}
    closed = by_text["()"]
    assert closed.caret == closed.replacements[0].start + 1
    over_selection = by_text["all 🙂"]
    assert over_selection.caret == over_selection.replacements[0].start + 6


def test_only_carets_that_go_somewhere_are_moves_and_pauses_are_those_until_the_next_action() -> None:
    steps = read_recording(SHOP).steps
    moves = [step for step in steps if isinstance(step.action, Move)]
    places = [(step.action.path, step.pause_s) for step in moves]
    assert places == [
        ("shop/orders.py", 2.6),
        ("shop/orders.py", 0.18),
        ("shop/prices.py", 4.2),
        ("shop/prices.py", 1.5),
        ("shop/orders.py", 0.124),
        ("README.md", 0.8),
        ("README.md", 0.7),
    ]
    assert steps[-1].pause_s == 0
    assert all(step.pause_s >= 0 for step in steps)


def log_with(change: Callable[[list[Json]], object]) -> list[Json]:
    log: list[Json] = json.loads(SHOP.read_text(encoding="utf-8"))["log"]
    change(log)
    return log


def first(log: list[Json], kind: str) -> Json:
    return next(entry for entry in log if entry["kind"] == kind)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda log: log[0].update(documentType="workspaceRecording@2.0"),
            "entry 0: .*version 'workspaceRecording@2.0'",
        ),
        (lambda log: log.insert(1, 7), "entry 1: not an object"),
        (lambda log: log[1].pop("id"), "entry 1: field 'id' should be of type int, found nothing"),
        (lambda log: log[1].update(relativePath="../x"), "entry 1: .*leads out of the workspace"),
        (lambda log: log[4].update(relativePath="README.md"), "entry 4: a second document has the path 'README.md'"),
        (lambda log: log.pop(1), "entry 1: document 0 was not encountered"),
        (lambda log: first(log, "changed").update(id=9), "document 9 has no content"),
        (lambda log: first(log, "changed").update(edit=[[5, 4, ""]]), "does not fit its document"),
        (lambda log: first(log, "changed").update(edit=[[5, True, ""]]), "a range should be"),
        (lambda log: first(log, "changed").update(edit=[[5, 5]]), r"should hold \[start, end, text\]"),
        (lambda log: first(log, "changed").update(time=None), "'time' should be a number"),
        (lambda log: first(log, "selectionChanged").update(selection=[[0, 9999]]), "a selection from 0 to 9999"),
        (lambda log: first(log, "restoreContent").update(contentId="?"), "not stored before"),
    ],
)
def test_what_is_wrong_is_named_with_its_entry(
    tmp_path: Path, change: Callable[[list[Json]], object], words: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({"log": log_with(change)}), encoding="utf-8")
    with pytest.raises(BadScript, match=rf"bad\.json, .*{words}"):
        read_recording(file)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"log": []}', '{"log": {}}', "\udcff"])
def test_what_is_no_recording_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "no.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadScript, match=r"no\.json is no recording"):
        read_recording(file)
    with pytest.raises(BadScript, match=r"nowhere cannot be read: No such file"):
        read_recording(tmp_path / "nowhere")


def test_entries_of_other_kinds_and_older_files_without_a_header_are_read(tmp_path: Path) -> None:
    file = tmp_path / "older.json"
    log = log_with(lambda log: log.pop(0))
    log.insert(0, {"kind": "meta", "data": {}})
    log.append({"kind": "somethingNew"})
    file.write_text(json.dumps({"log": log, "nextUserEdit": {}}), encoding="utf-8")
    assert read_recording(file).steps == read_recording(SHOP).steps


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public recordings are not on this machine")
def test_a_public_recording_of_an_hour() -> None:
    script = read_recording(PUBLIC / "typescript_session.json")
    assert script.asked == 1_096
    assert sum(isinstance(step.action, Change) for step in script.steps) == 1_461
    assert sum(len(script.files[path]) for path in script.others()) > 24_000

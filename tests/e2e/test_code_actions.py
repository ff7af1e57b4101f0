"""Code actions through the real server: every kind, clients that can do less, and answers that cannot be used."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.fakes.action_client import ActionClient, play, without

BODY = 'def area(radius):\r\n    label = "🎉"; return math.pi * raduis ** 2\r\n'
TEXT = f"import math\r\n\r\n\r\n{BODY}\r\n\r\nTOTAL = 1\r\n"
PROBLEM = ((4, 'undefined name "raduis"'),)
FIXED = TEXT.replace("raduis", "radius")
FUNCTION = 'def area(radius):\n    label = "🎉"; return math.pi * radius ** 2'
GOOD = f"```python\n{FUNCTION}\n```"
WITHOUT_RESOLVE = without("textDocument.codeAction.resolveSupport")


def fenced(text: str, info: str = "python") -> str:
    return f"```{info}\n{text}\n```"


def test_a_problem_is_fixed(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix: undefined name", uri, 4, problems=PROBLEM)
        assert (action.kind, list(action.tags), action.edit, action.command) == ("quickfix", [1], None, None)
        assert [each.message for each in action.diagnostics] == [PROBLEM[0][1]]
        assert not (tmp_path / "spoken.jsonl").exists(), "listing asks no model"
        resolved = await editor.client.code_action_resolve_async(action)
        assert (resolved.title, resolved.kind, resolved.data) == (action.title, action.kind, action.data)
        [change] = resolved.edit.document_changes
        assert (change.text_document.uri, change.text_document.version) == (uri, 1)
        # No more than the two letters that were wrong, counted in UTF-16.
        [edit] = change.edits
        assert (edit.range.start, edit.range.end) == (types.Position(4, 38), types.Position(4, 40))
        assert edit.new_text == "iu"
        assert await editor.choose(action) == {"applied": True}
        assert editor.texts[uri] == FIXED
        [system, user] = (await editor.asked())[0]
        assert (system["role"], user["role"]) == ("system", "user")
        assert 'line 5: undefined name "raduis"' in user["text"]
        assert (await editor.status()).actions.last == "fix: done"

    play(tmp_path, [GOOD], scene)


def test_an_answer_that_fails_is_asked_for_once_more_and_told_why(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        assert await editor.choose(action) == {"applied": True}
        assert editor.texts[uri] == FIXED
        first, second = await editor.asked(2)
        assert second[:2] == first
        assert [turn["role"] for turn in second[2:]] == ["assistant", "user"]
        assert "has no code block" in second[3]["text"]

    play(tmp_path, ["You have to spell it right.", GOOD], scene)


BAD = {
    "prose": ("Rename the variable.", "no code block"),
    "not closed": (f"```python\n{FUNCTION}", "not closed"),
    "two blocks": (f"{GOOD}\n{GOOD}", "more than one"),
    "a patch": (fenced("-a\n+b", "diff"), "a patch"),
    "another file": (fenced(FUNCTION, "python src/other.py"), "another file"),
    "another file in a comment": (fenced(f"# other.py\n{FUNCTION}"), "another file"),
    "half an edit": (fenced("def area(radius):\n    # ... rest of the code unchanged"), "leaves out code"),
    "cut in the middle": (fenced(FUNCTION.replace("** 2", "** (")), "fault of syntax"),
    "something else": (fenced("def volume(radius):\n    return radius ** 3"), "loses area"),
    "no change": (fenced(FUNCTION.replace("* radius", "* raduis")), "changes nothing"),
    "too much": (fenced(FUNCTION + "\n\n\nTOTAL = 1"), "repeats the code behind"),
    "empty": (fenced(" "), "empty"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_what_cannot_be_used_is_no_fix_and_no_window(case: str, tmp_path: Path) -> None:
    answer, reason = BAD[case]

    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        assert await editor.choose(action) == {"applied": False}
        assert editor.texts[uri] == TEXT
        assert len(await editor.asked(2)) == 2, "asked once more, not again and again"
        [line] = [line for line in editor.logged if "no fix found" in line]
        assert reason in line
        status = await editor.status()
        assert reason in status.actions.last
        assert (status.actions.done, status.actions.failed) == (0, 1)

    play(tmp_path, [answer], scene)


def test_a_symbol_is_documented_and_its_code_left_alone(tmp_path: Path) -> None:
    documented = 'def area(radius):\n    """The area of a circle."""\n' + FUNCTION.split("\n")[1].replace(
        "radius", "raduis"
    )

    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Document area", uri, 3)
        assert action.kind == "refactor.rewrite.mellum.document"
        assert await editor.choose(action) == {"applied": True}
        assert editor.texts[uri] == TEXT.replace(":\r\n", ':\r\n    """The area of a circle."""\r\n', 1)
        assert "only comments were to be written" in (await editor.asked(2))[1][3]["text"]

    play(tmp_path, [fenced(FUNCTION), fenced(documented)], scene)


def test_code_is_rewritten_as_a_comment_or_a_command_says(tmp_path: Path) -> None:
    text = "# TODO: use a constant\nx = 3.14 * 2\ny = 1\n"

    async def scene(editor: ActionClient) -> None:
        uri = editor.open("a.py", text)
        action = await editor.action("Do what the comment says: use a constant", uri, 0, last=1)
        assert await editor.choose(action) == {"applied": True}
        assert editor.texts[uri] == "PI = 3.14\nx = PI * 2\ny = 1\n"
        assert "The programmer asks: use a constant" in (await editor.asked())[0][1]["text"]
        uri = editor.open("b.py", text)
        wanted = {"kind": "refactor", "uri": uri, "lines": [1, 1], "instruction": "call it z"}
        assert await editor.execute([wanted]) == {"applied": True, "reason": ""}
        assert editor.texts[uri] == "# TODO: use a constant\nz = 3.14 * 2\ny = 1\n"
        assert "The programmer asks: call it z" in (await editor.asked(2))[1][1]["text"]

    play(tmp_path, [fenced("PI = 3.14\nx = PI * 2"), fenced("z = 3.14 * 2")], scene)


def test_an_explanation_is_streamed_to_a_document_of_the_servers(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Explain area", uri, 3)
        assert action.command is not None
        answer = await editor.choose(action)
        assert answer == {"applied": False, "reason": "", "text": "It computes\nan area.\n"}
        [shown] = editor.client.shown_documents
        assert shown.uri.startswith("mellum:/")
        assert shown.uri.endswith("/shapes.py.md")
        assert await editor.content(shown.uri) == "It computes\nan area.\n"
        assert await asyncio.wait_for(editor.refreshed.get(), 30) == shown.uri
        assert "no longer" in await editor.content("mellum:/explanation-99/x.md")

    play(tmp_path, ["It computes\nan area."], scene)


def test_a_growing_explanation_is_read_and_cancelled(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Explain area", uri, 3)
        asking = asyncio.ensure_future(editor.choose(action))
        token = await editor.work("explaining: 1 line")
        [shown] = editor.client.shown_documents
        assert await editor.content(shown.uri) == "one\nhang "
        # What is explained is the code as it was: typing goes on meanwhile.
        editor.type(uri, "x")
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        assert await asking == {"applied": False, "reason": "cancelled", "text": ""}
        assert await editor.content(shown.uri) == "*cancelled*\n"

    play(tmp_path, ["one\nhang on"], scene)


def test_where_no_document_of_the_servers_can_be_shown_it_is_a_file(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        await editor.choose(await editor.action("Explain area", uri, 3))
        [shown] = editor.client.shown_documents
        path = Path(types_path(shown.uri))
        assert path.read_text() == "So.\n"
        assert path.stat().st_mode & 0o777 == 0o400
        files.append(path)

    files: list[Path] = []
    play(tmp_path, ["So."], scene, without("workspace.textDocumentContent"))
    assert not files[0].exists(), "the file goes with the server"


def types_path(uri: str) -> str:
    assert uri.startswith("file:///")
    return uri.removeprefix("file://")


def test_a_request_that_is_taken_back_stops_the_model(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        sent = editor.client.protocol.send_request("codeAction/resolve", action, msg_id="mine")
        await editor.asked()
        editor.client.cancel_request(types.CancelParams(id="mine"))
        with pytest.raises(JsonRpcException) as refused:
            await asyncio.wrap_future(sent)
        assert refused.value.code == types.LSPErrorCodes.RequestCancelled
        # The model is free: the next one is answered.
        assert await editor.choose(action) == {"applied": True}

    play(tmp_path, ["hang on", GOOD], scene)


def test_a_progress_that_is_cancelled_ends_the_work_in_order(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        choosing = asyncio.ensure_future(editor.choose(action))
        token = await editor.work("fixing")
        [begin, *_] = editor.client.progress_reports[token]
        assert begin.cancellable is True
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        assert await choosing == {"applied": False}
        assert editor.texts[uri] == TEXT

    play(tmp_path, ["hang on"], scene)


def test_a_document_that_changes_meanwhile_gets_no_edit(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        editor.type(uri, "# mine\r\n")
        assert await editor.choose(action) == {"applied": False}
        assert editor.texts[uri] == "# mine\r\n" + TEXT
        assert not (tmp_path / "spoken.jsonl").exists(), "the model is not asked in vain"
        assert any("the document has moved on" in line for line in editor.logged)

    play(tmp_path, [GOOD], scene)


def test_an_edit_for_an_older_version_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        # The user types, and the server hears of it only after it has sent the edit.
        editor.versions[uri] += 1
        answer = await editor.choose(action)
        assert answer == {"applied": False, "reason": "the client did not apply the edit"}
        assert editor.texts[uri] == TEXT
        assert (await editor.status()).actions.last == "fix: the client did not apply the edit"

    play(tmp_path, [GOOD], scene, WITHOUT_RESOLVE)


def test_a_client_that_cannot_resolve_gets_commands_and_an_edit(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        assert action.command.command == "mellum.action"
        assert await editor.choose(action) == {"applied": True, "reason": ""}
        assert editor.texts[uri] == FIXED

    play(tmp_path, [GOOD], scene, WITHOUT_RESOLVE)


def test_a_client_that_knows_commands_alone_gets_those(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        listed = await editor.actions(uri, 4, problems=PROBLEM)
        assert {type(each) for each in listed} == {types.Command}
        assert await editor.choose(listed[0]) == {"applied": True, "reason": ""}
        # Without versions the edit is for whatever is there.
        assert editor.texts[uri] == FIXED

    play(tmp_path, [GOOD], scene, {"workspace": {"applyEdit": True}})


def test_a_client_that_cannot_get_an_edit_is_offered_none(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        assert [each.title for each in await editor.actions(uri, 3, problems=PROBLEM)] == ["Explain area"]
        wanted = {"kind": "fix", "uri": uri, "lines": [4, 4]}
        assert await editor.execute([wanted]) == {"applied": False, "reason": "the client applies no edits"}
        assert not (tmp_path / "spoken.jsonl").exists()

    play(tmp_path, [GOOD], scene, without("textDocument.codeAction.resolveSupport", "workspace.applyEdit"))


def test_a_client_that_applies_edits_of_actions_alone_resolves_them(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        action = await editor.action("Fix", uri, 4, problems=PROBLEM)
        assert not action.tags, "which it would not understand"
        assert await editor.choose(action) == {"applied": True}
        assert editor.texts[uri] == FIXED

    play(tmp_path, [GOOD], scene, without("workspace.applyEdit", "textDocument.codeAction.tagSupport"))


def test_the_kinds_that_are_asked_for_are_given(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("src/shapes.py", TEXT)

        async def kinds(*only: str) -> list[Any]:
            return [each.kind for each in await editor.actions(uri, 4, problems=PROBLEM, only=only or None)]

        assert await kinds("quickfix") == ["quickfix"]
        assert await kinds("refactor.rewrite") == ["refactor.rewrite.mellum.document"]
        assert await kinds("source") == ["source.mellum.tests", "source.mellum.explain"]
        assert await kinds("source.organizeImports") == []
        assert None in await kinds(), "an explanation is in the menu of an editor that leaves out source actions"

    play(tmp_path, [GOOD], scene)


def test_a_model_that_cannot_chat_offers_nothing_and_the_status_says_why(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        assert await editor.actions(uri, 4, problems=PROBLEM) == []
        reason = "the model cannot chat: it has no chat template"
        assert (await editor.status()).actions.unavailable == reason
        assert await editor.execute([{"kind": "fix", "uri": uri, "lines": [4, 4]}]) == {
            "applied": False,
            "reason": reason,
        }

    play(tmp_path, [], scene, mode="silent")


SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"


def test_secrets_reach_no_conversation_and_are_not_written_over(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", f'TOKEN = "{SECRET}"\n\n\ndef area(radius):\n    return raduis\n')
        problems = ((4, f"undefined name raduis, not {SECRET}"), (0, "unused"))
        assert await editor.choose(await editor.action("Explain area", uri, 3)) != {}
        fix, token_fix, *_ = await editor.actions(uri, 4, problems=problems)
        await editor.choose(fix)
        assert await editor.choose(token_fix) == {"applied": False}
        assert any("the code holds a secret" in line for line in editor.logged)
        said = str(await editor.asked(2))
        assert "<redacted>" in said
        assert SECRET not in said
        kept = editor.open(".env", "TOKEN=1\n")
        assert await editor.actions(kept, 0) == []
        assert "kept back" in (await editor.status()).actions.lastList

    play(tmp_path, ["So."], scene)

"""The engine that proves and the model together: which is asked when, and what is shown of what the model writes."""

import asyncio

import pytest

from mellum_ls.lsp_server.documents.store import Place
from tests.fakes.edit_engine import ScriptedEngine, each_use
from tests.fakes.edit_window import Window, run


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


def test_the_model_is_asked_only_where_that_is_wanted_and_nothing_else_was_found() -> None:
    async def test() -> None:
        window = Window(lambda _: [], "area = 1\nprint(area)\n", nextEditModel=True)
        window.backend.replies = lambda _: fenced("surface = 1\nprint(surface)")
        edit = await window.found()
        assert (edit.start, edit.end, edit.text, edit.proposal.kind) == (Place(1, 6), Place(1, 10), "surface", "model")
        assert await window.found() == edit or (await window.found()).id == edit.id
        assert len(window.backend.chats) == 1
        # Moved by an edit above, it is shown again without the model.
        window.edit(0, 0, 0, "# new\n")
        assert ((await window.found()).start, len(window.backend.chats)) == (Place(2, 6), 1)
        window.session.configure("test", {"nextEditModel": False})
        window.edit(2, 0, 11, "log(area)")
        assert (await window.find()).silence == "nothing follows from the last changes"
        assert len(window.backend.chats) == 1

    run(test)


def test_what_is_proven_is_shown_without_the_model() -> None:
    async def test() -> None:
        window = Window(nextEditModel=True)
        first = await window.found()
        window.take(first)
        assert (await window.found()).proposal.kind == "rename"
        assert window.backend.chats == []

    run(test)


def test_what_the_model_wrote_is_judged_and_not_asked_for_again() -> None:
    async def test() -> None:
        window = Window(lambda _: [], "area = 1\nprint(area)\n", nextEditModel=True)
        window.backend.replies = lambda _: fenced("area = 1\nprint(area)")
        for _ in range(2):
            assert "take back" in (await window.find()).silence
        assert len(window.backend.chats) == 1
        window.backend.replies = lambda _: fenced("surface = 1\nprint((area)")
        window.edit(0, 0, 0, " ")
        assert "syntax" in (await window.find()).silence
        window.backend.replies = lambda _: "prose"
        window.edit(0, 0, 0, " ")
        for _ in range(2):
            assert (await window.find()).silence.endswith("the answer has no code block")
        assert len(window.backend.chats) == 3

    run(test)


def test_when_the_only_edit_of_the_model_is_turned_down_there_is_silence_with_a_reason() -> None:
    async def test() -> None:
        window = Window(lambda _: [], "area = 1\nprint(area)\n", nextEditModel=True, nextEditPauseMs=0)
        window.backend.replies = lambda _: fenced("surface = 1\nprint(surface)")
        window.edits.rejected((await window.found()).id)
        answer = await window.find()
        assert (answer.edit, answer.silence) == (None, "the model would change nothing else")
        assert len(window.backend.chats) == 1

    run(test)


def test_a_model_that_cannot_chat_is_not_asked_and_both_answer_and_status_say_so() -> None:
    async def test() -> None:
        window = Window(lambda _: [], nextEditModel=True)
        assert (await window.edits.report())["noModel"] == "the model is not loaded"
        window.backend.no_chat = "the model cannot chat: it has no chat template"
        assert (await window.find()).silence == f"nothing follows from the last changes, and {window.backend.no_chat}"
        assert (await window.edits.report())["noModel"] == window.backend.no_chat
        assert (window.backend.chats, window.backend.asked) == ([], [])
        # The engine that proves works alone.
        window.edits.symbolic = ScriptedEngine(each_use("area", "surface"))
        assert (await window.found()).proposal.kind == "rename"
        window.session.configure("test", {"nextEditModel": False})
        assert (await window.edits.report())["noModel"] == "the setting nextEditModel is off"

    run(test)


def test_a_newer_request_stops_the_model_and_is_answered() -> None:
    async def test() -> None:
        window = Window(lambda _: [], "area = 1\nprint(area)\n", nextEditModel=True)
        window.backend.replies = lambda _: fenced("surface = 1\nprint(area)\n")
        gate = window.backend.gate = asyncio.Event()
        older = asyncio.ensure_future(window.find())
        await window.backend.chatting.get()
        newer = asyncio.ensure_future(window.find())
        await window.backend.chatting.get()
        assert (await older).edit is None
        assert window.backend.cancelled == 1
        gate.set()
        assert (await newer).silence == "the model would change nothing"
        # So does a change of the document, and the client's own cancelling.
        window.edit(1, 0, 0, " ")
        window.backend.gate = asyncio.Event()
        for disturb in ("change", "cancel"):
            asked = asyncio.ensure_future(window.find())
            await window.backend.chatting.get()
            if disturb == "change":
                window.edit(1, 0, 0, " ")
                assert (await asked).edit is None
            else:
                asked.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asked
        assert window.backend.cancelled == 4

    run(test)


def test_a_model_that_is_away_is_silence_and_told() -> None:
    async def test() -> None:
        window = Window(lambda _: [], nextEditModel=True)
        window.backend.error = "the model is away"
        assert (await window.find()).silence == "the model is not available"
        assert window.session.health.last_error == "the model is away"

    run(test)

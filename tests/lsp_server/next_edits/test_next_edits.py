"""The next edits of a window: when there is one, which, and why there is none. The engines are written by the tests."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.next_edits.fates import NextEdit
from mellum_ls.lsp_server.next_edits.next_edits import Answer
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.edit_engine import Script, ScriptedEngine, each_use
from tests.fakes.sleeper import settled

URI = "file:///p/a.py"
TEXT = "area = 1\nprint(area)\nlog(area)\n"
START = Place(0, 0)


class Window:
    """A session with a document whose first `area` was renamed, and with engines of its own."""

    def __init__(self, script: Script | None = None, text: str = TEXT, **settings: object) -> None:
        self.now = 100.0
        self.backend = ScriptedBackend("")
        self.session = Session(lambda _: self.backend, clock=lambda: self.now)
        self.session.roots = ("file:///p",)
        self.session.configure("test", {"warmUp": False, **settings})
        self.edits = self.session.next_edits
        self.engine = ScriptedEngine(script or each_use("area", "surface"))
        self.edits.symbolic = self.engine
        self.session.open(URI, "python", 1, text)
        self.edit(0, 0, 4, "surface")

    def edit(self, line: int, start: int, end: int, text: str, uri: str = URI) -> None:
        document = self.session.documents.get(uri)
        assert document is not None
        self.session.edit(uri, (document.version or 0) + 1, [Edit(text, Place(line, start), Place(line, end))])

    def take(self, edit: NextEdit) -> None:
        """As a client does when the user accepts."""
        document = self.session.documents.get(edit.uri)
        assert document is not None
        self.session.edit(edit.uri, (document.version or 0) + 1, [Edit(edit.text, edit.start, edit.end)])
        self.edits.accepted(edit.id)

    async def find(self, version: int | None = None, uri: str = URI) -> Answer:
        return await self.edits.find(uri, START, version)

    async def found(self) -> NextEdit:
        answer = await self.find()
        assert answer.edit is not None, answer.silence
        assert answer.silence == ""
        return answer.edit

    @property
    def text(self) -> str:
        document = self.session.documents.get(URI)
        assert document is not None
        return document.text


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_one_use_after_the_other_is_proposed_until_none_is_left() -> None:
    async def test() -> None:
        window = Window()
        first = await window.found()
        assert (first.uri, first.version, first.start, first.end) == (URI, 2, Place(1, 6), Place(1, 10))
        assert (first.text, first.proposal.reason) == ("surface", "rename of area to surface")
        window.take(first)
        second = await window.found()
        assert (second.version, second.start) == (3, Place(2, 4))
        assert second.id != first.id
        window.take(second)
        assert (await window.find()).silence == "nothing follows from the last changes"
        assert window.text == TEXT.replace("area", "surface")
        report = await window.edits.report()
        assert (report["offered"], report["accepted"], report["written"]) == (2, 2, 0)
        assert report["reason"] == "nothing follows from the last changes"
        await window.session.close()

    run(test)


def test_asked_again_it_says_the_same_and_asks_no_engine() -> None:
    async def test() -> None:
        window = Window()
        first, again = await window.found(), await window.found()
        assert (first.id, first.start, first.text) == (again.id, again.start, again.text)
        assert len(window.engine.asked) == 1

    run(test)


def test_typing_along_leaves_the_rest_of_it_under_the_same_id() -> None:
    async def test() -> None:
        window = Window()
        first = await window.found()
        window.edit(1, 6, 10, "sur")
        rest = await window.found()
        assert (rest.id, rest.start, rest.end, rest.text, rest.version) == (
            first.id,
            Place(1, 9),
            Place(1, 9),
            "face",
            3,
        )
        assert len(window.engine.asked) == 1
        window.edit(1, 9, 9, "face")
        assert (await window.edits.report())["written"] == 1

    run(test)


def test_edits_elsewhere_ask_anew() -> None:
    async def test() -> None:
        window = Window()
        await window.found()
        window.edit(0, 0, 0, "# new\n")
        moved = await window.found()
        assert moved.start == Place(2, 6)
        assert len(window.engine.asked) == 2

    run(test)


@pytest.mark.parametrize(("ignored", "asked"), [("", 1), ("*.py\n", 0)])
def test_what_is_edited_before_its_folder_is_judged_counts_if_it_may_be_seen(
    tmp_path: Path, ignored: str, asked: int
) -> None:
    async def test() -> None:
        window, uri = Window(), (tmp_path / "b.py").as_uri()
        (tmp_path / ".gitignore").write_text(ignored)
        window.session.roots = (tmp_path.as_uri(),)
        window.session.open(uri, "python", 1, TEXT)
        window.edit(0, 0, 2, "sur", uri)
        window.edit(0, 3, 5, "face", uri)
        assert "before the ignore files" in window.session.kept_back.why(uri)
        answer = await window.find(uri=uri)
        assert len(window.engine.asked) == asked
        assert (answer.edit is not None) == bool(asked)
        assert ("is ignored by .gitignore" in answer.silence) == (not asked)
        if asked:
            # Both changes count, as what they came to together.
            [hunk] = window.engine.asked[0].log.hunks()
            assert (hunk.old, hunk.new) == (("area = 1",), ("surface = 1",))

    run(test)


def test_silence_has_its_reason_and_costs_nothing() -> None:
    async def test() -> None:
        window = Window(nextEditModel=True)
        window.session.open("file:///p/.env", "", 1, "area")
        assert "not open" in (await window.find(uri="file:///none")).silence
        assert "kept back" in (await window.find(uri="file:///p/.env")).silence
        assert "another version" in (await window.find(version=1)).silence
        assert (await window.find(version=2)).edit is not None
        window.now += 10.1
        assert "nothing was edited" in (await window.find()).silence
        window.edit(0, 0, 7, "area")
        assert (await window.find()).silence == "the last change was an undo"
        window.session.configure("test", {"nextEdits": False})
        assert "switched off" in (await window.find()).silence
        window.session.configure("test", {"enable": False})
        assert (await window.find()).edit is None
        assert len(window.engine.asked) == 1
        assert window.backend.chats == []

    run(test)


def test_what_happens_in_secret_documents_is_not_noted() -> None:
    async def test() -> None:
        window = Window()
        window.now += 60
        window.session.open("file:///p/.env", "", 1, "area")
        window.edit(0, 0, 4, "surface", "file:///p/.env")
        assert "nothing was edited" in (await window.find()).silence
        window.edit(0, 0, 0, "x")
        await window.find()
        [seen] = window.engine.asked
        assert {hunk.path for hunk in seen.log.hunks()} == {"a.py"}
        assert ".env" not in seen.texts

    run(test)


def test_what_was_turned_down_does_not_come_again_until_its_place_changes() -> None:
    async def test() -> None:
        window = Window()
        first = await window.found()
        window.edits.rejected(first.id)
        assert (await window.find()).silence == "a next edit was just turned down"
        window.now += 5
        # The other use is no less wanted for that.
        second = await window.found()
        assert second.start == Place(2, 4)
        window.take(second)
        silence = (await window.find()).silence
        assert silence == "an edit was found and not shown: it was turned down here"
        window.edit(1, 0, 0, "  ")
        assert (await window.found()).start == Place(1, 8)
        assert (await window.edits.report())["rejected"] == 1

    run(test)


def test_an_unknown_id_is_no_fault() -> None:
    async def test() -> None:
        window = Window()
        for tell in (window.edits.shown, window.edits.accepted, window.edits.rejected):
            tell("unknown")
        first = await window.found()
        window.edits.shown(first.id)
        assert ((await window.edits.report())["shown"], (await window.edits.report())["rejected"]) == (1, 0)

    run(test)


def test_the_newest_request_wins() -> None:
    async def test() -> None:
        window = Window()
        window.engine.gate = asyncio.Event()
        older = asyncio.ensure_future(window.find())
        await settled()
        newer = asyncio.ensure_future(window.find())
        await settled()
        assert older.done()
        assert older.result() == Answer(None, "a newer request or a change took its place")
        assert window.engine.cancelled == 1
        window.engine.gate.set()
        assert (await newer).edit is not None

    run(test)


def test_a_change_ends_what_is_under_way() -> None:
    async def test() -> None:
        window = Window()
        window.engine.gate = asyncio.Event()
        for disturb in (lambda: window.edit(2, 0, 0, " "), lambda: window.session.shut(URI)):
            asked = asyncio.ensure_future(window.find())
            await settled()
            disturb()
            await settled()
            assert asked.done()
            assert asked.result().edit is None
        assert window.engine.cancelled == 2

    run(test)


def test_a_request_that_is_taken_back_ends_its_work() -> None:
    async def test() -> None:
        window = Window()
        window.engine.gate = asyncio.Event()
        asked = asyncio.ensure_future(window.find())
        await settled()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert window.engine.cancelled == 1
        assert (await window.edits.report())["reason"] == "the client took its request back"

    run(test)


def test_an_edit_in_another_document_is_for_clients_that_want_it() -> None:
    async def test() -> None:
        window = Window(each_use("area", "surface", "b.py"))
        window.session.open("file:///p/b.py", "python", 5, "area = 1\n")
        assert (await window.find()).silence == "the next edit is in another file: b.py"
        answer = await window.edits.find(URI, START, elsewhere=True)
        assert answer.edit is not None
        assert (answer.edit.uri, answer.edit.version) == ("file:///p/b.py", 5)

    run(test)


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


def test_the_report_is_part_of_the_status() -> None:
    async def test() -> None:
        window = Window()
        await window.found()
        report = (await window.session.report())["nextEdits"]
        assert report == {
            "reason": "",
            "requests": 1,
            "offered": 1,
            "shown": 0,
            "accepted": 0,
            "written": 0,
            "rejected": 0,
            "noModel": "the setting nextEditModel is off",
        }

    run(test)


def test_closing_ends_what_is_under_way() -> None:
    async def test() -> None:
        window = Window()
        await window.found()
        window.edit(2, 0, 0, " ")
        window.engine.gate = asyncio.Event()
        asked = asyncio.ensure_future(window.find())
        await settled()
        await window.session.close()
        assert (await asked).edit is None

    run(test)


def test_a_newer_request_that_is_answered_at_once_ends_the_older_one_too() -> None:
    async def test() -> None:
        window = Window()
        window.engine.gate = asyncio.Event()
        older = asyncio.ensure_future(window.find())
        await settled()
        assert "another version" in (await window.find(version=1)).silence
        await settled()
        assert older.done()
        assert older.result().edit is None

    run(test)


def test_what_no_hand_types_at_once_asks_for_nothing() -> None:
    async def test() -> None:
        window = Window()
        window.now += 60
        window.edit(2, 0, 0, "".join(f"x{number} = area\n" for number in range(500)))
        assert "nothing was edited" in (await window.find()).silence

    run(test)

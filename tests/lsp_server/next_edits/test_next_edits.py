"""The next edits of a window: when there is one, which, and why there is none. The engines are written by the tests."""

import asyncio
from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.next_edits.next_edits import Answer
from tests.fakes.edit_engine import each_use
from tests.fakes.edit_window import START, TEXT, URI, Window, run
from tests.fakes.sleeper import settled


def test_one_use_after_the_other_is_proposed_until_none_is_left() -> None:
    async def test() -> None:
        window = Window(nextEditModel=False)
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


def test_the_report_is_part_of_the_status() -> None:
    async def test() -> None:
        window = Window(nextEditModel=False)
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

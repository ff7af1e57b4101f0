"""What becomes of code actions beyond one document, through the real server: files of tests, and diagnostics since."""

from pathlib import Path

from tests.e2e.test_code_actions import FIXED, FUNCTION, GOOD, PROBLEM, TEXT, fenced
from tests.fakes.action_client import ActionClient, play


def test_a_fix_after_which_the_client_has_more_problems_is_told(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        await editor.choose(await editor.action("Fix", uri, 4, problems=PROBLEM))
        # The client tells the server of its own edit, and then what its tools say of the new text.
        editor.tell(uri)
        await editor.actions(uri, 4, problems=())
        assert (await editor.status()).actions.last == "fix: done"
        await editor.actions(uri, 4, problems=[*PROBLEM, (4, "unused label")])
        status = await editor.status()
        assert status.actions.last == "fix: done, and the client reports 1 more problem there since"
        assert (status.actions.done, status.actions.failed) == (0, 1)
        assert any("reports 1 more problem" in line for line in editor.logged)

    play(tmp_path, [GOOD], scene)


def test_a_fix_that_brings_a_name_that_nothing_defines_is_asked_for_again(tmp_path: Path) -> None:
    async def scene(editor: ActionClient) -> None:
        uri = editor.open("shapes.py", TEXT)
        assert await editor.choose(await editor.action("Fix", uri, 4, problems=PROBLEM)) == {"applied": True}
        assert editor.texts[uri] == FIXED
        assert "uses mathe, which nothing defines" in (await editor.asked(2))[1][3]["text"]

    play(tmp_path, [fenced(FUNCTION.replace("radius **", "mathe **")), GOOD], scene)


def test_tests_are_written_to_a_file_of_their_own(tmp_path: Path) -> None:
    written = "from shapes import area\n\n\ndef test_area():\n    assert area(0) == 0"

    async def scene(editor: ActionClient) -> None:
        uri = editor.open("src/shapes.py", TEXT)
        action = await editor.action("Write tests for area", uri, 3)
        assert await editor.choose(action) == {"applied": True}
        assert editor.made == {editor.uri("tests/test_shapes.py"): written + "\n"}
        assert "tests/test_shapes.py" in (await editor.asked())[0][1]["text"]

    play(tmp_path, [fenced(written)], scene)


MINE = "from shapes import area\n\n\ndef test_one():\n    assert area(1) > 3\n"


def test_tests_join_those_that_there_are_on_disk_or_in_an_open_document(tmp_path: Path) -> None:
    body = "def test_area():\n    assert area(math.pi) > 0"
    place = tmp_path / "tests/test_shapes.py"
    place.parent.mkdir()
    place.write_bytes(MINE.replace("\n", "\r\n").encode())
    joined = MINE.replace("area\n", "area\nimport math\n", 1) + f"\n\n{body}\n"

    async def scene(editor: ActionClient) -> None:
        uri = editor.open("src/shapes.py", TEXT)
        action = await editor.action("Write tests for area", uri, 3)
        assert await editor.choose(action) == {"applied": True}
        assert place.read_bytes().decode() == joined.replace("\n", "\r\n")
        assert "def test_one()" in (await editor.asked())[0][1]["text"]
        # Open it is another text by now, and its version counts.
        opened = editor.open("tests/test_shapes.py", MINE)
        resolved = await editor.client.code_action_resolve_async(action)
        [change] = resolved.edit.document_changes
        assert (change.text_document.uri, change.text_document.version) == (opened, 1)
        assert await editor.choose(action) == {"applied": True}
        assert editor.texts[opened] == joined
        # What is there already is no test that was missing; it is asked once more and then nothing happens.
        editor.type(uri, "# new\n")
        again = await editor.action("Write tests for area", uri, 4)
        editor.type(opened, f"{body}\n\n\n")
        assert await editor.choose(again) == {"applied": False}
        assert any("no tests written: the file has test_area already" in line for line in editor.logged)
        assert place.read_bytes().decode() == joined.replace("\n", "\r\n")

    play(tmp_path, [fenced(f"import math\nfrom shapes import area\n\n\n{body}")], scene)

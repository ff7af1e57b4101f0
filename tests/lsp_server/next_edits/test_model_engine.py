"""A model that writes lines anew: what it is asked, what is made of its answers, and when it is not asked at all."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Message, Piece, Stream
from mellum_ls.lsp_server.next_edits.model_engine import ModelEngine
from mellum_ls.lsp_server.next_edits.situation import NothingFound, Situation
from tests.fakes.backend import ScriptedBackend
from tests.fakes.memory_index import MemoryIndex

ABOVE = "".join(f"# line {number}\n" for number in range(10))
PART = "area = width * height\nprint(area)\nlog(area)"
TEXT = f"{ABOVE}\n\n{PART}\n\n\n"
LINE = 13
OLD = ("area = width", "a = width")
Replies = str | Callable[[tuple[Message, ...]], str]


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


WIDE = fenced(PART.replace("print(area)", "print(wide)"))


def situation(text: str = TEXT, line: int = LINE, old: tuple[str, str] = OLD, **more: object) -> Situation:
    document = Document("file:///p/a.py", "python", 1, Lines(split_lines(text)))
    log, plain = EditLog(), text.replace("\r\n", "\n")
    log.note("a.py", plain.replace(*old), plain, 1.0)
    return Situation(document.snapshot(Place(line, 0)), "a.py", plain, log, {}, **more)  # type: ignore[arg-type]


async def at_once(work: Callable[[], object]) -> object:
    return work()


def engine(backend: ScriptedBackend) -> ModelEngine:
    return ModelEngine(lambda messages, **how: backend.chat(messages, priority="next_edit", **how), at_once)


def proposed(backend: ScriptedBackend, seen: Situation | None = None) -> Sequence[Proposal]:
    return asyncio.run(engine(backend).propose(seen or situation()))


def silence(backend: ScriptedBackend, seen: Situation | None = None) -> str:
    with pytest.raises(NothingFound) as raised:
        proposed(backend, seen)
    return str(raised.value)


def test_what_is_written_takes_the_place_of_the_lines() -> None:
    [proposal] = proposed(ScriptedBackend(replies=WIDE))
    assert (proposal.path, proposal.kind) == ("a.py", "model")
    assert (proposal.span, proposal.old, proposal.new) == (Span(13, 6, 13, 10), "area", "wide")


def test_it_is_asked_with_the_old_text_as_what_is_predicted_behind_what_is_typed() -> None:
    backend = ScriptedBackend(replies=WIDE)
    proposed(backend)
    [asked] = backend.asked_chats
    assert asked.predicted == fenced(PART)
    assert asked.messages[-1].text.count(asked.predicted) == 1
    assert (asked.session, asked.priority) == ("file:///p/a.py next edit", "next_edit")
    assert len(PART) // 2 < asked.max_tokens < 200


def test_the_model_is_stopped_where_its_block_ends() -> None:
    closed: list[bool] = []

    async def talking(*_: object) -> AsyncGenerator[Piece | Done, None]:
        try:
            yield Piece(f"Here:\n{WIDE}\nThat is ")
            pytest.fail("the model was to be stopped")
        finally:
            closed.append(True)

    def ask(messages: Sequence[Message], *, session: str, max_tokens: int, predicted: str) -> Stream:
        return talking()

    [proposal] = asyncio.run(ModelEngine(ask, at_once).propose(situation()))
    assert (proposal.new, closed) == ("wide", [True])


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ("Use another name. " * 40, "no code block"),
        ("Use another name.", "no code block"),
        (fenced(PART)[:-4], "not closed"),
        (f"```python b.py\n{PART}x\n```", "another file"),
        (fenced("# ... the rest of the code is unchanged\nlog(wide)"), "leaves out"),
        (fenced(f"# line 9\n\n\n{PART}"), "repeats the code before"),
        (fenced("x = 1\n" * 300), "far longer"),
    ],
)
def test_what_cannot_be_used_is_no_edit_and_not_asked_for_again(replies: str, why: str) -> None:
    backend = ScriptedBackend(replies=replies)
    assert why in silence(backend)
    assert len(backend.chats) == 1


@pytest.mark.parametrize("reason", ["length", "superseded"])
def test_half_an_answer_is_none(reason: str) -> None:
    # Without the line's end behind it the block may still grow.
    assert "not whole" in silence(ScriptedBackend(replies=WIDE, reason=reason))


def test_a_model_that_breaks_off_is_no_answer() -> None:
    async def broken(*_: object, **__: object) -> AsyncGenerator[Piece | Done, None]:
        yield Piece("```")

    def ask(messages: Sequence[Message], *, session: str, max_tokens: int, predicted: str) -> Stream:
        return broken()

    with pytest.raises(BackendUnavailable, match="broke off"):
        asyncio.run(ModelEngine(ask, at_once).propose(situation()))


def test_cancelling_stops_the_model_in_the_middle() -> None:
    async def run() -> ScriptedBackend:
        backend = ScriptedBackend(replies=WIDE, gate=asyncio.Event())
        asking = asyncio.ensure_future(engine(backend).propose(situation()))
        await backend.chatting.get()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        return backend

    assert asyncio.run(run()).cancelled == 1


def test_the_nearest_of_several_changes_comes_first() -> None:
    text = "".join(f"call_{number}(area)\n" for number in range(12))
    seen = situation(text, 8, ("call_8(area)", "call_8(b)"))

    def replies(messages: tuple[Message, ...]) -> str:
        part = messages[-1].text.rpartition("```python\n")[2].partition("\n```")[0].split("\n")
        return fenced("\n".join(line.replace("area", "b") if "_5" in line or "_9" in line else line for line in part))

    proposals = proposed(ScriptedBackend(replies=replies), seen)
    assert [proposal.span.start_line for proposal in proposals] == [9, 5]


FAR = "def area(side):\n    return side\n" + "\nx = 1\n" * 30 + "\n\ndef double(side):\n    return 2 * area(side)\n"


def test_where_nothing_follows_at_the_cursor_the_next_use_of_the_name_is_asked_about() -> None:
    double = "def double(side):\n    return 2 * area(side, 1)"
    answers = [fenced("def area(side, scale):\n    return side"), fenced(double)]
    seen = situation(FAR.replace("area(side):", "area(side, scale):"), 0, ("area(side, scale):", "area(side):"))
    backend = ScriptedBackend(replies=lambda _: answers.pop(0))
    [proposal] = proposed(backend, seen)
    assert (proposal.span.start_line, proposal.new) == (FAR.count("\n") - 1, ", 1")
    first, second = (asked.messages[-1].text for asked in backend.asked_chats)
    assert "The part, lines 1 to 2:" in first
    assert "def double(side):" in second.rpartition("The part, lines")[2]
    # An unusable answer about one part says nothing of another.
    answers = ["prose", fenced(double)]
    assert len(proposed(ScriptedBackend(replies=lambda _: answers.pop(0)), seen)) == 1


def test_nowhere_does_anything_follow() -> None:
    backend = ScriptedBackend(replies=fenced(PART))
    assert silence(backend) == "the model would change nothing"
    assert len(backend.chats) == 1


def test_lines_with_other_ends_are_asked_about_plainly() -> None:
    backend = ScriptedBackend(replies=WIDE.replace("\n", "\r\n"))
    [proposal] = proposed(backend, situation(TEXT.replace("\n", "\r\n")))
    assert "\r" not in backend.chats[0][-1].text
    assert proposal.span == Span(13, 6, 13, 10)


def test_no_secret_is_told_and_none_is_lost() -> None:
    token = "ghp_" + "a1" * 18
    backend = ScriptedBackend(replies="x")
    secret = situation(f"token = '{token}'\n", 0, ("token", "key"))
    assert (silence(backend, secret), backend.chats) == ("the code holds a secret", [])
    # Elsewhere in the file, or in what was changed, it becomes a placeholder.
    proposed(backend := ScriptedBackend(replies=WIDE), situation(f"token = '{token}'\n{TEXT}", LINE + 1))
    said = backend.chats[0][-1].text
    assert "<redacted>" in said
    assert token not in said


@pytest.mark.parametrize(
    "seen",
    [
        situation("\n\nx\n\n\n" + "\n" * 20, 12, ("x", "y")),
        situation("x = 1" * 1_000, 0, ("x = 1x", "y")),
        situation("x = 1\n", 0, ("x = 1", "x  =  1")),
        situation("x = 1\n", 0, ("nothing", "at all")),
    ],
    ids=["blank", "huge", "white space", "no change"],
)
def test_what_can_be_decided_without_the_model_is(seen: Situation) -> None:
    backend = ScriptedBackend(replies="x")
    assert silence(backend, seen)
    assert backend.chats == []


def test_code_of_other_files_is_found_by_the_index() -> None:
    class Files(MemoryIndex):
        def users(self, name: str, limit: int = 50) -> list[str]:
            return ["uses.py"] if name == "area" else []

    texts = {"uses.py": "import a\n\n\nprint(a.area)\n"}
    seen = situation(index=Files(texts), read=texts.get)
    proposed(backend := ScriptedBackend(replies=WIDE), seen)
    assert "uses.py\n```\n\n\nprint(a.area)\n\n```" in backend.chats[0][-1].text

import asyncio
from typing import Any

import pytest

from mellum_ls.lsp_server.demo.client import Refused, ServerGone
from mellum_ls.lsp_server.keystrokes.replay import LONG_NOTICE_SECONDS, NOTICE_SECONDS, POLL_SECONDS, Replay
from mellum_ls.lsp_server.keystrokes.script import Action, Change, Move, Open, Script, Step
from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement


class Desk:
    """An editor, a server and a clock in one: notes what happens in order; answers come when `gate` is open."""

    def __init__(self) -> None:
        self.now = 0.0
        self.notes: list[str] = []
        self.texts: dict[str, str] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuse = False
        self.warm_ups: list[float] = []
        """When the server will have read ahead, from the last move on."""
        self.moved_at = 0.0
        self.calls = 0
        self.last_error = ""

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def open(self, action: Open) -> None:
        self.notes.append(f"open {action.path}")
        self.texts[action.path] = action.text

    def change(self, action: Change) -> None:
        self.notes.append(f"change {action.path}")
        self.texts[action.path] += action.replacements[0].text

    def move(self, action: Move) -> bool:
        self.notes.append(f"move {action.path}")
        self.moved_at = self.now
        return action.path != "deaf.py"

    def text(self, path: str) -> str:
        return self.texts[path]

    async def complete(self, path: str, caret: int) -> str:
        self.notes.append(f"ask {path} {caret}")
        await self.gate.wait()
        if self.refuse:
            raise Refused("no")
        self.notes.append(f"answer {path} {caret}")
        self.calls += 1
        return "suggestion"

    async def status(self) -> dict[str, Any]:
        self.notes.append("status")
        done = sum(self.now - self.moved_at >= seconds for seconds in self.warm_ups)
        cost = {"promptTokens": 9, "computedTokens": 1, "generatedTokens": 2, "firstTokenMs": 1.0, "reason": "line"}
        return {
            "lastRequest": {**cost, "totalMs": float(self.calls)} if self.calls else None,
            "lastError": self.last_error,
            "warmUps": done,
            "runtime": {"active": int(done < len(self.warm_ups)), "queued": {}},
        }


def key(caret: int | None, path: str = "a.py") -> Change:
    return Change(path, (Replacement(0, 0, "x"),), caret)


def script(*steps: tuple[Action, float]) -> Script:
    return Script("s", {}, [Step(Open("a.py", ""), 0.0), *(Step(action, pause) for action, pause in steps)])


def play(desk: Desk, played: Script, **options: Any) -> Replay:
    replay = Replay(desk, desk.clock, desk.sleep, **options)
    asyncio.run(replay.run(played))
    return replay


def test_each_key_of_the_typist_is_asked_about_and_its_answer_awaited() -> None:
    desk = Desk()
    tally = play(desk, script((key(1), 0.01), (key(None), 9.0), (key(2), 0.01))).tally
    ask_1, ask_2 = ["ask a.py 1", "answer a.py 1", "status"], ["ask a.py 2", "answer a.py 2", "status"]
    assert desk.notes == ["open a.py", "change a.py", *ask_1, "change a.py", "change a.py", *ask_2, "status"]
    assert [one.state for one in tally.asked] == [("a.py", "x", 1), ("a.py", "xxx", 2)]
    assert all(one.watched and one.call and not one.overtaken and one.text for one in tally.asked)
    assert (len(tally.calls), tally.errors, desk.now) == (2, 0, 0.0)


def test_it_ends_after_so_many_requests() -> None:
    desk = Desk()
    tally = play(desk, script(*[(key(place), 0.0) for place in range(5)]), limit=2).tally
    assert len(tally.asked) == 2
    assert desk.notes.count("change a.py") == 2


def test_closed_files_are_left_alone() -> None:
    desk = Desk()
    steps = ((Open("pinned.py", ""), 0.0), (Move("pinned.py", 0, 0), 5.0), (key(1), 0.0))
    play(desk, script(*steps), closed=["pinned.py"])
    assert not [note for note in desk.notes if "pinned" in note]


@pytest.mark.parametrize("selected", [0, 3], ids=["a caret", "a selection"])
def test_a_pause_lasts_until_the_server_has_read_ahead(selected: int) -> None:
    desk = Desk()
    desk.warm_ups = [1.0]
    tally = play(desk, script((Move("a.py", 0, selected), 60.0))).tally
    assert 1.0 <= desk.now <= 1.0 + 2 * POLL_SECONDS
    assert tally.moves == 1


def test_a_pause_lasts_no_longer_than_it_was_recorded() -> None:
    desk = Desk()
    desk.warm_ups = [1.0]
    play(desk, script((Move("a.py", 0, 0), 0.5)))
    assert desk.now == pytest.approx(0.5)


def test_where_counts_are_not_to_depend_on_the_speed_a_rest_is_for_reading_or_is_none() -> None:
    """However long this machine takes, what was read at each key is what one that takes 0.3 s would have read."""
    for slowness in (0.2, 50.0):
        desk = Desk()
        desk.warm_ups = [slowness]
        steps = ((Move("a.py", 0, 0), 0.29), (key(1), 0.0), (Move("a.py", 0, 0), 0.3), (key(2), 0.0))
        tally = play(desk, script(*steps), read_within=0.3).tally
        assert (tally.moves, desk.notes.count("move a.py")) == (1, 1)
        assert tally.warm_ups == 1
        assert slowness <= desk.now < slowness + 2 * POLL_SECONDS
    desk = Desk()
    play(desk, script((Move("a.py", 0, 0), 0.3), (key(1), 0.0)), read_within=0.3)
    assert LONG_NOTICE_SECONDS <= desk.now < LONG_NOTICE_SECONDS + 2 * POLL_SECONDS, "nothing to read: no long wait"


def test_a_pause_that_the_server_makes_no_use_of_is_short() -> None:
    desk = Desk()
    play(desk, script((Move("a.py", 0, 0), 60.0)))
    assert desk.now == pytest.approx(NOTICE_SECONDS, abs=POLL_SECONDS)


@pytest.mark.parametrize(
    ("move", "pause", "lasts"),
    [(Move("a.py", 0, 0), 0.09, 0.09), (Move("deaf.py", 0, 0), 60.0, 0.0)],
    ids=["goes by as fast as it did", "nobody wants to know"],
)
def test_some_moves_are_not_waited_for(move: Move, pause: float, lasts: float) -> None:
    desk = Desk()
    assert play(desk, script((move, pause))).tally.moves == 0
    assert desk.notes.count(f"move {move.path}") == 1
    assert desk.now == lasts


def test_overtaken_answers_are_told_and_all_are_awaited_in_the_end() -> None:
    desk = Desk()
    desk.gate.clear()

    async def run() -> Replay:
        replay = Replay(desk, desk.clock, desk.sleep, overtake=True)
        playing = asyncio.ensure_future(replay.run(script((key(1), 0.1), (key(2), 0.1), (key(3), 0.4))))
        while "ask a.py 3" not in desk.notes:
            await asyncio.sleep(0)
        assert not [note for note in desk.notes if note.startswith("answer")]
        desk.gate.set()
        await playing
        return replay

    tally = asyncio.run(run()).tally
    # Each request is out before the next key, and a status is asked for in between.
    keys = [["change a.py", f"ask a.py {place}", "status"] for place in (1, 2)]
    assert desk.notes[1:7] == [*keys[0], *keys[1]]
    assert [one.overtaken for one in tally.asked] == [True, True, False]
    assert [one.watched for one in tally.asked] == [False, False, True]
    assert all(one.text for one in tally.asked)


def test_an_answer_that_came_before_the_next_key_is_not_overtaken() -> None:
    desk = Desk()
    tally = play(desk, script((key(1), 0.1), (key(2), 0.1)), overtake=True).tally
    assert [one.overtaken for one in tally.asked] == [False, False]


def test_errors_are_counted_and_typing_goes_on() -> None:
    desk = Desk()
    desk.refuse = True
    tally = play(desk, script((key(1), 0.0), (key(2), 0.0))).tally
    assert (tally.errors, len(tally.asked), tally.asked[0].seconds) == (2, 2, None)
    desk = Desk()
    desk.last_error = "the model is away"
    assert play(desk, script((key(1), 0.0))).tally.errors == 1


def test_a_server_that_ends_ends_the_replay_and_nothing_is_left_waiting() -> None:
    class Falling(Desk):
        async def status(self) -> dict[str, Any]:
            raise ServerGone("gone")

    async def run() -> None:
        desk = Falling()
        desk.gate.clear()
        with pytest.raises(ServerGone):
            await Replay(desk, desk.clock, desk.sleep, overtake=True).run(script((key(1), 0.0)))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())

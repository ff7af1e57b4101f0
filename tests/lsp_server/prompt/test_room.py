import pytest

from mellum_ls.lsp_server.model.backend import Query, Usage
from mellum_ls.lsp_server.prompt.room import Room
from mellum_ls.lsp_server.settings.fields import Settings

QUERY = Query("s", prefix="x" * 2000, suffix="y" * 1000, context=(("a.py", "z" * 996),))


def usage(computed: int, milliseconds: float, prompt: int = 1000) -> Usage:
    return Usage(prompt_tokens=prompt, computed_tokens=computed, first_token_ms=milliseconds)


def chars(room: Room, settings: Settings | None = None) -> tuple[int, int, int]:
    found = room.narrowed(settings or Settings())
    return found.prefix_chars, found.suffix_chars, found.context_chars


def test_a_machine_that_is_not_known_gets_a_small_prompt() -> None:
    prefix, suffix, context = chars(Room())
    assert 0 < suffix < prefix < 12_000
    assert 2000 < context < 12_000


def test_a_fast_machine_gets_all_that_the_settings_allow() -> None:
    room = Room()
    room.note(QUERY, usage(1000, 100))
    assert room.tokens_per_second == 10_000
    before = chars(room)
    assert room.settle()
    settings = Settings(context_chars=50_000)
    assert before < chars(room, settings) == (12_000, 3_000, 50_000)


def test_more_time_is_more_text() -> None:
    assert chars(Room(), Settings(prompt_seconds=10)) > chars(Room(), Settings(prompt_seconds=5))


def test_what_came_from_the_cache_says_nothing_of_the_speed() -> None:
    room = Room()
    room.note(QUERY, usage(4, 20))
    assert not room.settle()
    room.note(Query("s", "x", ""), Usage())
    assert not room.settle()


def test_characters_of_a_token_are_learned_from_whole_prompts() -> None:
    room = Room()
    for _ in range(20):
        room.note(QUERY, usage(4, 20, prompt=3000))
    assert room.chars_per_token == pytest.approx(4 / 3, rel=0.01)
    assert room.settle()


def test_a_budget_stays_while_the_speed_only_wavers() -> None:
    room = Room()
    room.note(QUERY, usage(1000, 1000))
    assert room.settle()
    fixed = chars(room)
    for milliseconds in (1100, 900, 1200, 800):
        room.note(QUERY, usage(1000, milliseconds))
        assert not room.settle()
        assert chars(room) == fixed


def test_one_slow_answer_is_no_slow_machine() -> None:
    room = Room()
    for _ in range(5):
        room.measure(4000)
    room.measure(1000)
    assert room.tokens_per_second == 2500
    room.measure(0)
    assert room.tokens_per_second == 2500

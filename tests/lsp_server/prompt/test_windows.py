from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.prompt.windows import LINE_STEP, model_text, prefix_window, suffix_window


def numbered(count: int) -> list[str]:
    return [f"line {number}\n" for number in range(count)]


def test_a_short_document_is_seen_whole() -> None:
    lines = numbered(10)
    assert prefix_window(lines, "abc", 256, 10_000) == "".join(lines) + "abc"
    assert suffix_window("rest\n", lines, 10_000) == "rest\n" + "".join(lines)


def test_the_start_stays_while_lines_are_added_and_then_moves_by_one_step() -> None:
    starts = [prefix_window(numbered(count), "", 100, 100_000).split("\n")[0] for count in range(100, 400)]
    moves = [index for index in range(1, len(starts)) if starts[index] != starts[index - 1]]
    assert [starts[index] for index in moves] == [f"line {LINE_STEP * step}" for step in range(1, 5)]


def test_typing_moves_the_start_rarely_when_characters_are_the_limit() -> None:
    lines = ["x" * 3000 + "\n"]
    starts = {prefix_window(lines, "y" * count, 10, 4000).count("x") for count in range(1, 1500)}
    assert len(starts) <= 3


def test_the_end_does_not_move_when_lines_are_added_above_or_the_cursor_line_grows() -> None:
    below = numbered(300)
    ends = {suffix_window("y" * count + "\n", below, 1500)[-8:] for count in range(20)}
    assert len(ends) <= 2


@given(
    st.lists(st.text("ab", max_size=40).map(lambda text: text + "\n"), max_size=200),
    st.text("c", max_size=50),
    st.integers(1, 100),
    st.integers(64, 2000),
)
def test_windows_are_the_text_next_to_the_cursor_within_the_limit(
    lines: list[str], part: str, least: int, most: int
) -> None:
    prefix = prefix_window(lines, part, least, most)
    assert ("".join(lines) + part).endswith(prefix)
    assert len(prefix) <= most
    suffix = suffix_window(part, lines, most)
    assert (part + "".join(lines)).startswith(suffix)
    assert len(suffix) <= most


def test_model_text_has_plain_line_ends_and_can_be_encoded() -> None:
    assert model_text("a\r\nb\rc\n") == "a\nb\nc\n"
    assert model_text("x\ud83dy🎉") == "x?y🎉"

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.positions import column_of, index_of, utf16_length

# Lone surrogates arrive in JSON as \ud83d; the other letters take one, two or three bytes in UTF-8.
lines = st.text(alphabet=st.sampled_from("ab é漢\u2028\x85🎉\U0010ffff\ud83d"), max_size=12)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(lines)
def test_length_is_that_of_the_encoding(line: str) -> None:
    assert utf16_length(line) == units(line)


@given(lines, st.integers(-3, 40))
def test_index_is_the_last_that_does_not_pass_the_column(line: str, character: int) -> None:
    fitting = [index for index in range(len(line) + 1) if units(line[:index]) <= max(character, 0)]
    assert index_of(line, character) == fitting[-1]


@given(lines, st.integers(0, 12))
def test_column_and_index_are_inverse(line: str, index: int) -> None:
    index = min(index, len(line))
    assert index_of(line, column_of(line, index)) == index


def test_column_inside_a_surrogate_pair_is_the_start_of_its_character() -> None:
    assert index_of("a🎉b", 2) == 1

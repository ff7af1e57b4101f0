"""Where the middle of an example is cut."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.nano.spans import MAX_MIDDLE_CHARS, choose_span

TEXT = '''def area(width, height):
    """Area of a rectangle."""
    if width < 0 or height < 0:
        raise ValueError("negative")
    return width * height


print(area(3, height=(4 + 1)))
'''


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(alphabet="ab_(:)[], \n\t=1", max_size=300), st.integers(0, 2**32))
def test_a_span_lies_in_the_text_and_is_not_empty(text: str, seed: int) -> None:
    span = choose_span(text, random.Random(seed)) if text else None
    if span is None:
        return
    assert 0 <= span.start < span.end <= len(text)
    assert span.kind == "line_rest" or span.end - span.start <= MAX_MIDDLE_CHARS


def kinds(count: int) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for seed in range(count):
        span = choose_span(TEXT, random.Random(seed))
        assert span is not None
        found.setdefault(span.kind, set()).add(TEXT[span.start : span.end])
    return found


def test_every_kind_occurs_and_is_what_it_says() -> None:
    found = kinds(3000)
    assert set(found) == {"line_rest", "lines", "block", "arguments", "random"}
    assert all("\n" not in middle for middle in found["line_rest"])
    assert "width, height" in found["arguments"]
    assert "area(3, height=(4 + 1))" in found["arguments"]
    assert 'raise ValueError("negative")' in found["block"]
    assert '\n        raise ValueError("negative")' in found["block"]
    # Prefixes that end inside an identifier occur, as they do while typing.
    assert any(middle.startswith("dth") for middle in found["line_rest"])


def test_near_keeps_to_the_line() -> None:
    offset = TEXT.index("return")
    for seed in range(200):
        span = choose_span(TEXT, random.Random(seed), near=offset)
        assert span is not None
        if span.kind == "line_rest":
            assert TEXT[span.start : span.end] in TEXT[TEXT.rindex("\n", 0, offset) :]
            assert TEXT.count("\n", 0, span.start) == TEXT.count("\n", 0, offset)


def test_blank_text_has_no_span() -> None:
    assert choose_span(" \n\n  \n", random.Random(0)) is None

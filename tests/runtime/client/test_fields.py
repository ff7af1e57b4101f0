import pytest

from mellum_ls.runtime.client.fields import Fields
from mellum_ls.runtime.errors import MessageError

WIRE = {"text": "a", "whole": 3, "number": 1.5, "truth": True, "table": {"a": 1}, "pairs": [["a", "b"]], "null": None}
FIELDS = Fields("ask", WIRE)


def test_values_are_read_by_their_type() -> None:
    assert (FIELDS.text("text"), FIELDS.whole("whole"), FIELDS.number("number")) == ("a", 3, 1.5)
    assert (FIELDS.number("whole"), FIELDS.truth("truth", False), FIELDS.choice("text", ("a", "b"))) == (3.0, True, "a")
    assert (FIELDS.table("table").whole("a"), FIELDS.counts("table"), FIELDS.mapping("table")) == (
        1,
        {"a": 1},
        {"a": 1},
    )
    assert FIELDS.pairs("pairs") == (("a", "b"),)


def test_what_is_missing_has_its_default() -> None:
    assert (FIELDS.text("x", ""), FIELDS.whole("x", 7), FIELDS.truth("x", True)) == ("", 7, True)
    assert (FIELDS.choice("x", ("a",), "a"), FIELDS.pairs("x"), FIELDS.optional_whole("null")) == ("a", (), None)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: FIELDS.text("whole"), "ask: field 'whole' should be text, found int"),
        (lambda: FIELDS.text("x"), "ask: field 'x' should be text, found nothing"),
        (lambda: FIELDS.whole("truth"), "should be a whole number, found bool"),
        (lambda: FIELDS.whole("whole", least=4), "'whole' should be 4 or more"),
        (lambda: FIELDS.truth("whole", False), "should be true or false, found int"),
        (lambda: FIELDS.choice("text", ("b", "c")), "should be one of b, c"),
        (lambda: FIELDS.table("table").text("a"), "ask.table: field 'a'"),
        (lambda: Fields("ask", {"p": [["secret"]]}).pairs("p", "[role, text]"), r"'p\[0\]' should be \[role, text\]"),
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(read: object, said: str) -> None:
    with pytest.raises(MessageError, match=said) as raised:
        read()  # type: ignore[operator]
    assert "secret" not in str(raised.value)

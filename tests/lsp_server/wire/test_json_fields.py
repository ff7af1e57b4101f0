import pytest

from mellum_ls.lsp_server.wire import json_fields
from mellum_ls.lsp_server.wire.json_fields import ParamsError

RAW = {"number": 1, "truth": True, "word": "secret", "none": None, "inner": {"a": 1}, "items": [{"a": 1}], "odd": [1]}


def test_what_fits_is_given_as_it_is() -> None:
    assert json_fields.typed(RAW, "number", int) == 1
    assert json_fields.text(RAW, "word") == "secret"
    assert json_fields.mapping(RAW, "inner") == json_fields.optional_mapping(RAW, "inner") == {"a": 1}
    assert json_fields.mappings(RAW, "items") == json_fields.sequence(RAW, "items") == [{"a": 1}]


def test_what_may_be_missing_may_be_null() -> None:
    for name in ("none", "absent"):
        assert json_fields.optional(RAW, name, int) is None
        assert json_fields.optional_mapping(RAW, name) == {}
        assert json_fields.mappings(RAW, name) == []
    assert json_fields.lenient_mapping(RAW, "word") == {}


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("truth", int, "truth should be of type int, found bool"),
        ("number", bool, "number should be of type bool, found int"),
        ("none", str, "none should be of type str, found NoneType"),
        ("absent", str, "absent should be of type str, found nothing"),
        ("word", dict, "word should be of type dict, found str"),
    ],
)
def test_the_type_has_to_be_exactly_that_one(name: str, kind: type, message: str) -> None:
    with pytest.raises(ParamsError) as fault:
        json_fields.typed(RAW, name, kind)
    assert str(fault.value) == message


def test_lists_of_objects_hold_nothing_else() -> None:
    with pytest.raises(ParamsError, match="odd should hold objects"):
        json_fields.mappings(RAW, "odd")

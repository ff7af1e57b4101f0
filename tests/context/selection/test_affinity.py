from mellum_ls.context.index.rows import Definition
from mellum_ls.context.selection.affinity import affinity, by_use


def symbol(name: str, kind: str = "function", container: str = "") -> Definition:
    return Definition("a.py", name, kind, 0, 1, name, "", container)  # type: ignore[arg-type]


def test_shared_words_count_and_other_words_thin_them_out() -> None:
    words = {"user": 1.0, "name": 0.5}
    assert affinity("getUserName", words) > affinity("user_of_all_the_others", words) > affinity("widget", words) == 0
    assert affinity("_", words) == 0


def test_what_sounds_like_the_question_goes_first_and_what_is_private_last() -> None:
    symbols = [symbol("_user"), symbol("widget"), symbol("user")]
    assert [item.name for item in by_use(symbols, {"user": 1.0})] == ["user", "widget", "_user"]


def test_derived_classes_may_use_what_is_private_but_nobody_calls_init_by_name() -> None:
    symbols = [symbol("__init__", "method", "A"), symbol("_user", "method", "A"), symbol("widget", "method", "A")]
    found = [item.name for item in by_use(symbols, {"user": 1.0}, private=True)]
    assert found == ["_user", "widget", "__init__"]


def test_equal_symbols_keep_their_order() -> None:
    symbols = [symbol("b"), symbol("a"), symbol("c")]
    assert by_use(symbols, {}) == symbols

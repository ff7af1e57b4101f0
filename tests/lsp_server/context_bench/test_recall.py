from mellum_ls.lsp_server.context_bench.arms import Context
from mellum_ls.lsp_server.context_bench.cases import Case, Defined
from mellum_ls.lsp_server.context_bench.recall import Found, look, shows, summary

WANTED = Defined("lib.py", "go", "K", 3, 9, "def go(self, far: int) -> None", "def go(")


def case(key: str, package: str = "p", language: str = "python") -> Case:
    return Case(key, package, language, "main.py", "inproject", "", "t", "", "go", (WANTED,), ())


def test_a_definition_is_shown_whole_or_as_a_head_and_only_in_its_own_file() -> None:
    whole = "class K:\n    def go(\n        self,\n    ): pass"
    assert shows((("x.py", "x"), ("lib.py", whole)), WANTED)
    assert shows((("lib.py", "class K:\n    def go(self, far: int) -> None: ..."),), WANTED)
    assert not shows((("other.py", whole),), WANTED)
    assert not shows((("lib.py", "x.go(1)\ndef gone(): ..."),), WANTED)
    assert not shows((), WANTED)


def test_an_empty_head_is_never_shown() -> None:
    assert not shows((("lib.py", "anything"),), Defined("lib.py", "go", "", 0, 0, "", ""))


def test_each_budget_is_tried_timed_and_counted() -> None:
    head = ("lib.py", "def go(self, far: int) -> None")

    def contender(case: Case, chars: int) -> Context:
        return (head,) if chars >= 4 * 100 else ()

    ticks = iter(range(100))
    found = list(look([case("a"), case("b")], {"p": contender}.__getitem__, (50, 100), 4.0, lambda: next(ticks) / 1000))
    assert [(one.budget, one.hit, one.milliseconds) for one in found] == [(50, False, 1.0), (100, True, 1.0)] * 2
    assert [one.chars > 0 for one in found] == [False, True] * 2


def test_the_summary_is_over_all_and_by_package_and_language() -> None:
    found = [
        Found(case("a", "one"), 10, True, 100, 1.0),
        Found(case("a", "one"), 20, True, 200, 2.0),
        Found(case("b", "two", "rust"), 10, False, 0, 3.0),
        Found(case("b", "two", "rust"), 20, True, 100, 4.0),
    ]
    figures = summary(found)
    assert figures["cases"] == 2
    overall = figures["recall"]
    assert isinstance(overall, dict)
    assert list(overall) == ["10", "20"]
    assert (overall["10"]["recall"], overall["20"]["recall"], overall["20"]["chars_mean"]) == (0.5, 1.0, 150.0)
    assert (overall["10"]["milliseconds_p50"], overall["10"]["cases"]) == (2.0, 2)
    by_language = figures["by_language"]
    assert isinstance(by_language, dict)
    assert (by_language["rust"]["10"]["recall"], by_language["python"]["10"]["recall"]) == (0.0, 1.0)
    assert list(figures["by_package"]) == ["one", "two"]  # type: ignore[call-overload]

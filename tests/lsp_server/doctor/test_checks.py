import pytest

from mellum_ls.lsp_server.doctor.checks import Check, Group, size


def test_a_group_that_breaks_is_one_failure_that_names_the_exception_and_no_text() -> None:
    def find() -> list[Check]:
        raise LookupError("a line of somebody's source")

    (check,) = Group("things", find).checks()
    assert (check.name, check.state) == ("things", "failure")
    assert check.says.endswith("LookupError")
    assert "source" not in check.says + check.remedy


def test_a_group_gives_what_it_finds() -> None:
    found = [Check("a", "ok", "fine"), Check("b", "note", "so")]
    assert Group("things", lambda: found).checks() == tuple(found)


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (39_475_371, "39.5 MB"), (1_234e9, "1,234.0 GB")],
)
def test_sizes_are_in_words(number: float, said: str) -> None:
    assert size(number) == said

"""Proposals are cut in all their parts, and what was learned of a kind of guess does not depend on its prior."""

from mellum_ls.runtime.drafting.source import NOTHING, Evidence, Proposal, alike


def test_a_beginning_is_cut_in_all_parts() -> None:
    kinds = tuple(Evidence("s", place) for place in range(3))
    whole = Proposal((1, 2, 3), kinds, (None,) * 3)
    assert whole.first(2) == Proposal((1, 2), kinds[:2], (None,) * 2)
    assert whole.first(9) is whole
    assert whole.first(0) == NOTHING


def test_kinds_that_differ_in_the_prior_are_the_same() -> None:
    assert len({Evidence("s", 1, 2, 0.3), Evidence("s", 1, 2, 0.9), Evidence("s", 1, 3)}) == 2


def test_what_lies_behind_the_places_is_of_one_kind() -> None:
    for count in (0, 1, 3, 4, 9):
        assert alike("s", count, 3, 2, 0.4) == tuple(Evidence("s", min(place, 3), 2) for place in range(count))

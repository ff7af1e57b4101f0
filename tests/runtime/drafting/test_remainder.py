"""The rest of an expected text, as long as the output goes along it."""

from mellum_ls.runtime.drafting.remainder import Remainder
from mellum_ls.runtime.drafting.source import NOTHING


def test_goes_along_and_gives_up_for_good() -> None:
    source = Remainder([1, 2, 3, 4, 5])
    assert source.propose(3).ids == (1, 2, 3)
    source.took([1, 2])
    assert source.propose(9).ids == (3, 4, 5)
    source.took([7])
    assert source.propose(9) is NOTHING
    source.took([3])
    assert source.propose(9) is NOTHING


def test_nothing_is_left_at_the_end_and_behind_it() -> None:
    source = Remainder([1, 2])
    source.took([1, 2])
    assert source.propose(4) is NOTHING
    source.took([3])
    assert source.propose(4) is NOTHING


def test_what_has_held_speaks_for_the_rest() -> None:
    source = Remainder(range(50))
    before = source.propose(2).evidence
    source.took(range(6))
    after = source.propose(2).evidence
    assert before[0].strength < after[0].strength
    assert [kind.place for kind in after] == [0, 1]

"""The longest match is found, whatever bytes the ids have; in an expected text the one that lies ahead."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.drafting.suffix import LEAST, MOST, Suffix


def longest(ids: list[int]) -> int:
    """Length of the longest suffix that occurs earlier with something behind it, the slow way; at most MOST."""
    return max(
        (n for n in range(LEAST, MOST + 1) for at in range(len(ids) - n) if ids[at : at + n] == ids[len(ids) - n :]),
        default=0,
    )


# Few different ids, some of which look alike when their bytes are shifted: 256 is 0 1 0 0, 1 is 1 0 0 0, 65536 0 0 1 0.
IDS = st.lists(st.sampled_from([0, 1, 256, 65_536, 257]), max_size=60)


@given(IDS, IDS, st.integers(1, 8))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_followed_the_longest_match_is_proposed(prompt: list[int], output: list[int], most: int) -> None:
    source = Suffix(prompt)
    for token in output:
        source.took([token])
    ids = prompt + output
    length, found = longest(ids), source.propose(most).ids
    assert bool(found) == bool(length)
    if length:
        tail = ids[len(ids) - length :]
        places = [at for at in range(len(ids) - length) if ids[at : at + length] == tail]
        # Of equally long matches the last one.
        assert list(found) == ids[places[-1] + length :][:most]


def test_an_expected_text_is_taken_up_again_behind_a_change() -> None:
    old = [10, 11, 12, 13, 20, 21, 22, 11, 30]
    source = Suffix([1, 2, 3], old)
    source.took([10, 99, 12])
    assert source.propose(3).ids == (13, 20, 21)
    source.took([13, 20, 21])
    # 11 stands at two places: what lies ahead goes first, and one token is enough.
    source.took([55, 11])
    assert source.propose(3).ids == (30,)
    assert {kind.source for kind in source.propose(3).evidence} == {"expected"}


def test_the_prompt_serves_where_the_expected_text_does_not() -> None:
    source = Suffix([5, 6, 7, 8, 1], [40])
    source.took([5, 6, 7])
    assert source.propose(2).ids == (8, 1)


def test_longer_matches_are_stronger_evidence() -> None:
    prompt = list(range(20))
    short, long = Suffix(prompt), Suffix(prompt)
    short.took([90, 4, 5, 6])
    long.took(list(range(3, 15)))
    assert short.propose(1).evidence[0].strength < long.propose(1).evidence[0].strength

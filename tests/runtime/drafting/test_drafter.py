"""Which source's guess is checked, what is learned of all of them, and that nothing is guessed behind an end."""

import torch

from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.drafter import Drafter, Drafting
from mellum_ls.runtime.drafting.policy import Adaptive, Always
from mellum_ls.runtime.drafting.remainder import Remainder
from mellum_ls.runtime.drafting.source import NOTHING, Proposal
from mellum_ls.runtime.drafting.suffix import Suffix
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary

CPU = Costs(((1, 12.5), (2, 19.0), (4, 25.0), (8, 31.0), (16, 43.0), (48, 80.0)), 2.4)


def drafter(policy: object, expected: list[int], prompt: list[int], ends: int = -1) -> tuple[Drafter, Drafting]:
    shared = Drafting(policy, DraftVocabulary(torch.zeros(10, 2)))  # type: ignore[arg-type]
    return Drafter(shared, [Remainder(expected), Suffix(prompt, expected)], None, lambda token: token == ends), shared


def test_nothing_is_guessed_behind_an_end_nor_the_end_itself() -> None:
    made, _ = drafter(Always(9), [1, 2, 3, 4], [], ends=3)
    assert made.propose_first(9, 1).ids == (1, 2)
    assert made.propose_first(1, 1).ids == (1,)
    assert made.propose_first(0, 1) is NOTHING


def test_guesses_that_were_not_checked_are_judged_by_what_came() -> None:
    """A text that goes another way each time is given up although it is never checked, and taken up when it holds."""
    policy = Adaptive(CPU)
    for _ in range(30):
        made, _ = drafter(policy, list(range(100, 130)), [])
        made.propose_first(20, 1)
        made.came([5], NOTHING)
    made, _ = drafter(policy, list(range(100, 130)), [])
    assert made.propose_first(20, 1) is NOTHING
    for _ in range(60):
        made, _ = drafter(policy, list(range(100, 130)), [])
        made.propose_first(20, 1)
        for token in range(100, 120):
            made.came([token], NOTHING)
    made, _ = drafter(policy, list(range(100, 130)), [])
    assert len(made.propose_first(20, 1).ids) > 8


def test_what_was_checked_is_counted() -> None:
    made, shared = drafter(Always(3), [1, 2, 3, 4], [])
    checked = made.propose_first(9, 1)
    made.came([1, 2, 9], checked)
    figures = shared.tally.figures()
    assert (figures["drafted"], figures["accepted"], figures["steps"]) == (3, 2, 1)
    made.came([4], NOTHING)
    assert shared.tally.figures()["tokens_per_step"] == 2.0
    assert isinstance(checked, Proposal)

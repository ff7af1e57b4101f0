"""Drafts come from the tokens that are seen most; scores and probabilities are those of the whole head there."""

import torch

from mellum_ls.runtime.drafting.vocabulary import ENOUGH, DraftVocabulary, drafted_size

HEAD = torch.randn(2000, 8, generator=torch.Generator().manual_seed(1))
STATE = torch.randn(1, 8, generator=torch.Generator().manual_seed(2))


def test_before_enough_is_seen_all_ids_are_drafted_from() -> None:
    vocabulary = DraftVocabulary(HEAD, 10)
    vocabulary.see([5] * (ENOUGH - 1))
    assert vocabulary.logits(STATE).shape == (1, 2000)
    assert vocabulary.id_at(1999) == 1999


def test_the_most_frequent_ids_are_drafted_from_and_keep_their_scores() -> None:
    vocabulary = DraftVocabulary(HEAD, 3)
    vocabulary.see([1500] * ENOUGH + [7] * 5 + [900] * 9)
    found = vocabulary.logits(STATE)[0]
    assert [vocabulary.id_at(place) for place in range(3)] == [7, 900, 1500]
    torch.testing.assert_close(found, (STATE @ HEAD.T)[0, [7, 900, 1500]])
    spread = vocabulary.spread(found.softmax(-1))
    assert spread.shape == (2000,)
    assert spread.nonzero().flatten().tolist() == [7, 900, 1500]
    assert abs(float(spread.sum()) - 1) < 1e-6


def test_it_is_chosen_anew_when_twice_as_much_is_seen() -> None:
    vocabulary = DraftVocabulary(HEAD, 1)
    vocabulary.see([5] * ENOUGH)
    vocabulary.logits(STATE)
    vocabulary.see([6] * (ENOUGH - 1))
    vocabulary.logits(STATE)
    assert vocabulary.id_at(0) == 5
    vocabulary.see([6] * 9)
    vocabulary.logits(STATE)
    assert vocabulary.id_at(0) == 6


def test_small_vocabularies_are_not_cut() -> None:
    assert drafted_size(400) == 400
    assert drafted_size(98_304) == 16_384
    # Panels of sixteen are full.
    assert drafted_size(10_240) == 1_712
    vocabulary = DraftVocabulary(HEAD[:400])
    vocabulary.see([3] * 1000)
    assert vocabulary.logits(STATE).shape == (1, 400)

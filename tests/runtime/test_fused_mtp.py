"""Drafts from the fused MTP layer against the plain one: in Triton's interpreter, or on a GPU where there is one."""

from typing import Any

import pytest
import torch

from mellum_ls.runtime import fused_mtp
from mellum_ls.runtime.cache.kv_cache import KVCache, Retention
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.drafting.vocabulary import ENOUGH, DraftVocabulary
from mellum_ls.runtime.formats import FormatName
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.fused_mtp import FusedMtpHead
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import Guess, MtpFollower, MtpHead
from tests.fakes.fused_models import DEVICE, TOLERANCE, WIDE, assert_same, weights_of, with_mtp

POSITIONS = 200


def both_heads(raw: dict[str, Any], name: FormatName = "float") -> tuple[MtpHead, FusedMtpHead]:
    config = ModelConfig.from_dict(raw)
    weights = weights_of(config, name, mtp=True)
    heads = [model.mtp_head() for model in (Model(config, weights), FusedModel(config, weights, WIDE))]
    assert type(heads[0]) is MtpHead
    assert isinstance(heads[1], FusedMtpHead)
    return heads[0], heads[1]


def states_and_ids(head: MtpHead) -> tuple[torch.Tensor, list[int]]:
    generator = torch.Generator().manual_seed(5)
    ids = torch.randint(0, 400, (POSITIONS,), generator=generator).tolist()
    return torch.randn(POSITIONS, head.width, generator=generator).to(DEVICE), ids


def assert_same_guess(found: Guess, wanted: Guess) -> None:
    assert found.token == wanted.token
    assert abs(found.sure - wanted.sure) <= 10 * TOLERANCE
    assert_same(found.state, wanted.state)


def assert_same_entries(found: KVCache, wanted: KVCache) -> None:
    assert (found.length, found.first) == (wanted.length, wanted.first)
    here = slice(0, found.length - found.first_of(0))
    for mine, theirs in ((found._keys, wanted._keys), (found._values, wanted._values)):
        assert_same(mine[0][here], theirs[0][here])


@pytest.mark.parametrize(
    ("attention", "mlp", "name", "changes"),
    [
        ("full_attention", "dense", "int8", {"num_key_value_heads": 1}),
        ("sliding_attention", "sparse", "int4", {"norm_topk_prob": False}),
        (
            "full_attention",
            "sparse",
            "float",
            {"tie_word_embeddings": True, "hidden_size": 36, "num_key_value_heads": 1},
        ),
    ],
)
def test_guesses_states_and_entries_are_those_of_the_plain_layer(
    attention: str, mlp: str, name: FormatName, changes: dict[str, Any]
) -> None:
    heads = both_heads(with_mtp(attention, mlp, **changes), name)
    hidden, ids = states_and_ids(heads[0])
    # Sliding layers let go of their oldest rows from the twentieth entry on.
    retention = Retention(keep_all=20, rollback=4, slack=2, every=16)
    followers = [MtpFollower(head, retention) for head in heads]
    vocabulary = DraftVocabulary(heads[0]._model.weights.lm_head, 90)
    # So many positions at first, then those that drafts missed, of which 16 are one pass and 21 are two.
    for turn, (count, back) in enumerate(((5, 1), (20, 0), (1, 0))):
        vocabulary.see(ids[: ENOUGH // 2])  # from the second turn on few ids are drafted
        start = followers[0].length
        for follower in followers:
            follower.follow(hidden[start : start + count])
        end = start + count
        guesses = [follower.guess(ids[:end], ids[end], vocabulary) for follower in followers]
        assert_same_guess(guesses[1], guesses[0])
        if turn == 0:
            guesses = [follower.guess_on(guess, vocabulary) for follower, guess in zip(followers, guesses, strict=True)]
            assert_same_guess(guesses[1], guesses[0])
        assert_same_entries(followers[1].cache, followers[0].cache)
        for follower in followers:
            follower.settle()
            follower.truncate(end - back)
    if attention == "sliding_attention":
        assert followers[1].cache.first > 0


def test_another_vocabulary_of_the_same_size_needs_no_other_step() -> None:
    plain, fused = both_heads(with_mtp(mlp="dense", num_key_value_heads=1))
    hidden, _ = states_and_ids(plain)
    lm_head = plain._model.weights.lm_head
    for number in (7, 300, 7):
        vocabulary = DraftVocabulary(lm_head, 5)
        vocabulary.see([number] * ENOUGH)
        wanted = plain.guess(hidden[:1], [9], plain.new_cache(), vocabulary)
        assert_same_guess(fused.guess(hidden[:1], [9], fused.new_cache(), vocabulary), wanted)
    steps = fused._steps
    assert set(steps._steps) == {(1, 1, 5)}
    assert steps.graphs.captures == (1 if DEVICE.type == "cuda" else 0)


def test_long_gaps_go_layer_by_layer_and_so_does_what_has_no_angles(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, fused = both_heads(with_mtp("full_attention", "dense", max_position_embeddings=128, num_key_value_heads=1))
    hidden, ids = states_and_ids(plain)
    vocabulary = DraftVocabulary(plain._model.weights.lm_head)
    fast: list[int] = []
    draft = fused._steps.draft
    monkeypatch.setattr(fused_mtp, "MOST_CAUGHT_UP", 64)

    def noted(hidden: torch.Tensor, *rest: Any) -> Any:
        fast.append(len(hidden))
        return draft(hidden, *rest)

    monkeypatch.setattr(fused._steps, "draft", noted)
    caches = [plain.new_cache(), fused.new_cache()]
    end = 0
    for count in (65, 62, 1):
        part = hidden[end : end + count], ids[end : end + count]
        guesses = [head.guess(*part, cache, vocabulary) for head, cache in zip((plain, fused), caches, strict=True)]
        assert_same_guess(guesses[1], guesses[0])
        end += count
    assert_same_entries(caches[1], caches[0])
    # 127 entries have angles, the last one of which is that of position 127.
    assert fast == [16, 16, 16, 16, 14]


def test_few_missing_entries_are_left_to_the_next_draft() -> None:
    plain, fused = both_heads(with_mtp("full_attention", "dense", num_key_value_heads=1))
    hidden, ids = states_and_ids(plain)
    slow, fast = MtpFollower(plain), MtpFollower(fused)
    for count, wanted in ((100, 0), (28, 0), (1, 128), (60, 128)):
        for follower in (slow, fast):
            follower.follow(hidden[follower.length : follower.length + count])
            follower.keep_up(ids[: follower.length])
        assert fast.cache.length == wanted
        assert slow.cache.length == slow.length - 1


def test_no_entry_goes_layer_by_layer_from_a_prompts_end_through_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where all drafts are checked at once, nor where the layer was not asked for a while."""
    _, fused = both_heads(with_mtp("full_attention", "dense", num_key_value_heads=1))
    hidden, ids = states_and_ids(fused)
    follower = MtpFollower(fused)
    follower.follow(hidden[:20])
    follower.keep_up(ids[:20])
    slow: list[int] = []
    fast: list[int] = []
    monkeypatch.setattr(fused, "forward", lambda hidden, *rest: slow.append(len(hidden)))

    def noted(
        hidden: torch.Tensor, next_ids: list[int], cache: KVCache, drafted: None
    ) -> tuple[int, float, torch.Tensor]:
        fast.append(len(hidden))
        cache.advance(len(hidden))
        return 1, 0.5, hidden[-1:]

    monkeypatch.setattr(fused._steps, "draft", noted)
    vocabulary = DraftVocabulary(fused._model.weights.lm_head)
    for count in (16, 1, 16, 40):
        follower.follow(hidden[follower.length : follower.length + count])
        follower.keep_up(ids[: follower.length])
        if count > 1:
            follower.guess(ids[: follower.length], ids[follower.length], vocabulary)
    assert slow == []
    assert fast == [16, 16, 4, 16, 1, 16, 16, 8]


def test_what_is_prepared_leaves_nothing_behind() -> None:
    config = ModelConfig.from_dict(with_mtp(mlp="dense", num_key_value_heads=1))
    model = FusedModel(config, weights_of(config, mtp=True), WIDE)
    assert model._mtp is not None
    cache = KVCache(config, (config.mtp_layer_type,), DEVICE, torch.float32)
    model._mtp.prepare(cache, (256,))
    assert cache.length == 0
    assert {rows for rows, _, _ in model._mtp._steps} >= {1, 2, 4, 16}
    # Outside of the inference mode in which all of it was made, too.
    head = model.mtp_head()
    assert head is not None
    head.guess(torch.ones(1, head.width, device=DEVICE), [5], cache, DraftVocabulary(model.weights.lm_head))
    assert cache.length == 1

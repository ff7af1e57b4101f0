"""Whatever is guessed, however far and by whom: greedy tokens are those of decoding one by one."""

from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.drafting.source import NOTHING, Evidence, Proposal
from mellum_ls.runtime.drafting.verify import decode
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.healing import Healer, Spelling
from mellum_ls.runtime.mtp import MtpFollower
from tests.fakes.checkpoints import small_config, write_checkpoint

TOKENS = 24
MTP = {"num_nextn_predict_layers": 1, "mtp_layer_types": ["sliding_attention"], "mtp_mlp_layer_types": ["sparse"]}


@cache
def engine(seed: int) -> Engine:
    """A random model; a small embedding makes greedy output repeat itself, so that copies of it hold."""
    return Engine.load(write_checkpoint(Path(mkdtemp()), small_config(**MTP), mtp=True, seed=seed))


@dataclass
class Guesses:
    """Drafts that are right up to a place chosen for each pass, and wrong behind it."""

    truth: list[int]
    plan: list[tuple[int, int]]
    """How many tokens to draft in each pass, and how many of them are right."""
    seen: list[int] = field(default_factory=list)
    passes: int = 0

    def propose(self, token: int, most: int) -> Proposal:
        assert self.seen[-1] == token
        count, right = self.plan[self.passes % len(self.plan)]
        self.passes += 1
        at = len(self.seen)
        ids = [*self.truth[at : at + min(count, right)]]
        while len(ids) < min(count, most):
            wrong = self.truth[at + len(ids)] if at + len(ids) < len(self.truth) else 50
            ids.append((wrong + 7) % 400)
        ids = ids[:most]
        return Proposal(tuple(ids), tuple(Evidence("t", 0) for _ in ids), (None,) * len(ids))

    def came(self, tokens: list[int], checked: Proposal) -> None:
        self.seen += tokens


def spelled(of: Engine) -> Spelling:
    return Spelling(Healer(of.tokenizer), "")


@given(
    seed=st.integers(0, 3),
    length=st.integers(1, 60),
    plan=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6),
    keep_all=st.sampled_from([0, 30, 4096]),
    rollback=st.sampled_from([0, 5]),
    budget=st.integers(1, TOKENS),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_tokens_are_those_without_drafts(
    seed: int, length: int, plan: list[tuple[int, int]], keep_all: int, rollback: int, budget: int
) -> None:
    base = engine(seed)
    prompt = [40 + (i * 37 + seed) % 350 for i in range(length)]
    truth = base.generate_ids(prompt, TOKENS, ())
    retention = Retention(keep_all=keep_all, rollback=rollback, slack=rollback + 1, every=32)
    assert base.mtp is not None
    session = Session(base.model.new_cache(retention), MtpFollower(base.mtp, retention))
    rows = extend(base.model, session, prompt)[-1:]
    guesses = Guesses(truth, plan)
    found: list[int] = []
    for tokens in decode(base.model, session, rows, NOTHING, budget, (), spelled(base), guesses):
        found += tokens
        # All but the last token are in the session, and nothing that was refuted.
        assert session.ids == prompt + found[:-1]
        assert session.cache.length == len(session.ids) == session.follower.length  # type: ignore[union-attr]
    assert found == truth[:budget] == guesses.seen
    # What stays in the cache is what a sequence without drafts has.
    fresh = Session(base.model.new_cache())
    extend(base.model, fresh, session.ids)
    torch.testing.assert_close(extend(base.model, session, [99]), extend(base.model, fresh, [99]), rtol=2e-4, atol=2e-4)


def test_right_guesses_save_passes_and_wrong_ones_cost_none() -> None:
    base = engine(0)
    prompt = list(range(50, 70))
    truth = base.generate_ids(prompt, 16, ())
    for right, passes in ((3, 4), (0, 16)):
        session = Session(base.model.new_cache())
        guesses = Guesses(truth, [(3, right)])
        rows = extend(base.model, session, prompt)[-1:]
        found = list(decode(base.model, session, rows, NOTHING, 16, (), spelled(base), guesses))
        assert list(chain(*found)) == truth
        # The first token comes out of the prompt's pass.
        assert len(found) == passes + 1 if right else len(found) == passes


def test_drafts_checked_with_the_prompt_count_too_and_a_stop_id_ends_it() -> None:
    base = engine(0)
    prompt = list(range(50, 70))
    truth = base.generate_ids(prompt, 16, ())
    session = Session(base.model.new_cache())
    rows = extend(base.model, session, [*prompt, *truth[:3], 55])[-5:]
    checked = Proposal((*truth[:3], 55), tuple(Evidence("t", 0) for _ in range(4)), (None,) * 4)
    stop = truth[5]
    found = list(decode(base.model, session, rows, checked, 16, {stop}, spelled(base)))
    ended = truth.index(stop)
    assert list(chain(*found)) == truth[: ended + 1]
    assert found[0] == truth[: min(4, ended + 1)]
    assert session.ids == prompt + truth[:ended]


@pytest.mark.parametrize("sources", [("remainder",), ("suffix",), ("mtp",), ("remainder", "suffix", "mtp")])
@pytest.mark.parametrize("depth", [1, 8])
def test_every_source_at_every_depth_gives_the_same_tokens(sources: tuple[str, ...], depth: int) -> None:
    base = engine(1)
    assert base.mtp is not None
    prompt = [40 + i % 30 for i in range(70)]
    truth = base.generate_ids(prompt, TOKENS, ())
    for expected in ((), truth, [*truth[:5], 77, *truth[7:]], truth[4:]):
        drafting = Drafting(Always(depth), DraftVocabulary(base.model.weights.lm_head, 300), sources)
        session = Session(base.model.new_cache(), MtpFollower(base.mtp))
        drafter = drafting.drafter(session, prompt, expected, lambda token: False)
        checked = drafter.propose_first(TOKENS - 1, len(prompt))
        rows = extend(base.model, session, [*prompt, *checked.ids])[-1 - len(checked.ids) :]
        passes = list(decode(base.model, session, rows, checked, TOKENS, (), spelled(base), drafter))
        assert list(chain(*passes)) == truth
        if expected == truth and "remainder" in sources:
            assert len(passes) == -(-TOKENS // (depth + 1))
        assert drafting.tally.tokens == TOKENS
        assert drafting.tally.steps == len(passes)

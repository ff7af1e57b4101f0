"""Drafts of the MTP layer: those of transformers' generation with it, and nothing of them stays behind."""

from pathlib import Path

import pytest
import torch
from transformers import MellumForCausalLM
from transformers.generation.candidate_generator import MTPCandidateGenerator

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.mtp import MtpDrafts
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.drafting.source import NOTHING
from mellum_ls.runtime.drafting.verify import decode
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.generate import extend
from mellum_ls.runtime.healing import Healer, Spelling
from mellum_ls.runtime.mtp import Guess, MtpFollower
from tests.fakes.checkpoints import small_config, write_checkpoint

MTP = {"num_nextn_predict_layers": 1, "mtp_layer_types": ["sliding_attention"], "mtp_mlp_layer_types": ["sparse"]}
TOKENS = 12
PROMPTS = [[50 + (i * step) % 300 for i in range(length)] for step, length in ((1, 9), (7, 40), (3, 25))]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("mtp"), small_config(**MTP), mtp=True)


@pytest.fixture(scope="module")
def engine(directory: Path) -> Engine:
    return Engine.load(directory)


def session_of(engine: Engine, prompt: list[int]) -> tuple[Session, torch.Tensor]:
    assert engine.mtp is not None
    session = Session(engine.model.new_cache(), MtpFollower(engine.mtp))
    return session, extend(engine.model, session, prompt)[-1:]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_drafts_and_acceptance_are_those_of_transformers(
    engine: Engine, directory: Path, prompt: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts: list[int] = []
    original = MTPCandidateGenerator.get_candidates

    def noted(self: MTPCandidateGenerator, input_ids: torch.Tensor, *args: object, **kwargs: object) -> object:
        found = original(self, input_ids, *args, **kwargs)
        drafts.extend(found[0][0, input_ids.shape[1] :].tolist())
        return found

    monkeypatch.setattr(MTPCandidateGenerator, "get_candidates", noted)
    main = MellumForCausalLM.from_pretrained(directory, dtype=torch.float32, experts_implementation="eager").eval()
    wanted = main.generate(
        torch.tensor([prompt]), max_new_tokens=TOKENS, do_sample=False, use_mtp=True, eos_token_id=None
    )[0, len(prompt) :].tolist()

    drafting = Drafting(Always(1), DraftVocabulary(engine.model.weights.lm_head), ("mtp",))
    session, rows = session_of(engine, prompt)
    drafter = drafting.drafter(session, prompt, (), lambda token: False)
    mine: list[int] = []

    class Noting:
        def propose(self, token: int, most: int) -> object:
            found = drafter.propose(token, most)
            mine.extend(found.ids)
            return found

        came = staticmethod(drafter.came)

    spelling = Spelling(Healer(engine.tokenizer), "")
    found = [
        token
        for tokens in decode(engine.model, session, rows, NOTHING, TOKENS, (), spelling, Noting())  # type: ignore[arg-type]
        for token in tokens
    ]
    assert found == wanted
    # Near the budget theirs may draft once more than ours, which knows that nothing would be done with it.
    shared = min(len(mine), len(drafts))
    assert shared >= TOKENS // 2
    assert mine[:shared] == drafts[:shared]


def test_a_chain_goes_on_from_its_own_states_and_leaves_no_trace(engine: Engine) -> None:
    session, _ = session_of(engine, PROMPTS[1])
    follower, head = session.follower, engine.mtp
    assert follower is not None
    assert head is not None
    vocabulary = DraftVocabulary(engine.model.weights.lm_head)
    found = MtpDrafts(session, vocabulary).propose(77, 3, lambda token, evidence: True)
    hidden = engine.model.forward(torch.tensor(PROMPTS[1]), engine.model.new_cache())
    ids, cache = [*PROMPTS[1][1:], 77], head.new_cache()
    states, expected = head.forward(hidden, torch.tensor(ids), cache)[-1:], []
    for _ in range(3):
        expected.append(int(engine.model.logits(states).argmax()))
        states = head.forward(states, torch.tensor(expected[-1:]), cache)
    assert list(found.ids) == expected
    assert follower.cache.length == len(PROMPTS[1]) - 1
    assert MtpDrafts(session, vocabulary).propose(77, 3, lambda token, evidence: True) == found


def test_it_stops_where_another_is_not_worth_it(engine: Engine) -> None:
    session, _ = session_of(engine, PROMPTS[0])
    drafts = MtpDrafts(session, DraftVocabulary(engine.model.weights.lm_head))
    assert len(drafts.propose(77, 9, lambda token, evidence: len(evidence) < 2).ids) == 2
    assert len(drafts.propose(77, 1, lambda token, evidence: True).ids) == 1
    assert drafts.propose(77, 0, lambda token, evidence: True) is NOTHING


def test_nothing_is_drafted_behind_a_token_that_ends_the_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = session_of(engine, PROMPTS[1])
    vocabulary = DraftVocabulary(engine.model.weights.lm_head)
    first, second, third = MtpDrafts(session, vocabulary).propose(77, 3, lambda token, evidence: True).ids
    assert len({first, second, third}) == 3, "the test wants a chain of different tokens"
    drafted: list[int] = []
    guess_on = MtpFollower.guess_on

    def noted(self: MtpFollower, guess: Guess, vocabulary: DraftVocabulary) -> Guess:
        found = guess_on(self, guess, vocabulary)
        drafted.append(found.token)
        return found

    monkeypatch.setattr(MtpFollower, "guess_on", noted)
    drafting = Drafting(Always(9), vocabulary, ("mtp",))
    drafter = drafting.drafter(session, PROMPTS[1], (), lambda token: token == second)
    assert drafter.propose(77, 9).ids == (first,)
    assert drafted == [second]


def test_a_model_without_the_layer_drafts_nothing_with_it(engine: Engine) -> None:
    session = Session(engine.model.new_cache())
    extend(engine.model, session, PROMPTS[0])
    drafts = MtpDrafts(session, DraftVocabulary(engine.model.weights.lm_head))
    assert drafts.propose(77, 3, lambda token, evidence: True) is NOTHING

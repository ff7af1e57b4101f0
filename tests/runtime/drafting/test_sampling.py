"""Drawn tokens are distributed as without drafts: chi-square against the model's own probabilities."""

import pytest
import torch

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.sampling import Sampling, Temperature
from mellum_ls.runtime.drafting.source import Evidence, Proposal
from mellum_ls.runtime.drafting.verify import decode
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams, extend
from mellum_ls.runtime.healing import Healer
from tests.fakes.checkpoints import write_checkpoint

DRAWS = 4000
# Values that chi-square exceeds once in a thousand times, for 7 degrees of freedom.
CRITICAL_7 = 24.32


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("sampling")))


def chi_square(counts: torch.Tensor, probabilities: torch.Tensor) -> float:
    expected = probabilities * counts.sum()
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("kind", ["drawn", "fixed likely", "fixed unlikely", "plain"])
def test_a_checked_draft_leaves_the_distribution_as_it_is(engine: Engine, kind: str) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(8, generator=generator) * 1.5
    wanted = torch.softmax(logits.double() / 0.7, -1)
    offered = torch.softmax(torch.randn(8, generator=generator).double(), -1)
    sampling = Sampling(Healer(engine.tokenizer), "", Temperature(0.7, 5))
    counts = torch.zeros(8, dtype=torch.float64)
    for _ in range(DRAWS):
        if kind == "plain":
            token = sampling.choose(logits)
        elif kind == "drawn":
            draft = int(torch.multinomial(offered, 1, generator=generator))
            token = sampling.judge(logits, draft, offered)
        else:
            draft = int(wanted.argmax() if kind == "fixed likely" else wanted.argmin())
            token = sampling.judge(logits, draft, None)
        counts[token] += 1
    assert chi_square(counts, wanted) < CRITICAL_7


def test_two_tokens_of_one_pass_are_distributed_together_as_they_should(engine: Engine) -> None:
    """Of a real model: pairs drawn with drafts against pairs drawn one by one, by whether they are the likeliest."""
    model, prompt = engine.model, [50, 60, 70, 80]
    session = Session(model.new_cache())
    hidden = extend(model, session, prompt)[-1:]
    first = torch.softmax(model.logits(hidden)[0].double() / 0.5, -1)
    top = first.topk(3).indices.tolist()
    second = {}
    for token in top:
        second[token] = torch.softmax(model.logits(extend(model, session, [token]))[0].double() / 0.5, -1)
        session.truncate(len(prompt))
    draft = (top[0], int(second[top[0]].argmax()))
    checked = Proposal(draft, (Evidence("s", 0), Evidence("s", 1)), (None, None))
    rows = extend(model, session, [*prompt, *draft][len(prompt) :])
    rows = torch.cat((hidden, rows))
    sampling = Sampling(Healer(engine.tokenizer), "", Temperature(0.5, 9))
    counts: dict[str, int] = {"both": 0, "first": 0, "other": 0}
    for _ in range(1500):
        copy = Session(model.new_cache())
        copy.adopt(session, len(session.ids))
        tokens = next(decode(model, copy, rows, checked, 2, (), sampling))
        counts["both" if tuple(tokens[:2]) == draft else "first" if tokens[0] == draft[0] else "other"] += 1
    both = float(first[draft[0]] * second[draft[0]][draft[1]])
    wanted = torch.tensor([both, float(first[draft[0]]) - both, 1 - float(first[draft[0]])], dtype=torch.float64)
    found = torch.tensor(list(counts.values()), dtype=torch.float64)
    assert chi_square(found, wanted) < 13.82  # 2 degrees of freedom, once in a thousand


def test_drawn_completions_spell_what_was_typed_and_differ_by_seed(engine: Engine) -> None:
    def drawn(seed: int) -> str:
        return engine.complete(
            "s", Prompt("x = re", ""), GenerationParams(8, "none"), temperature=Temperature(1.0, seed)
        ).text

    assert drawn(1) == drawn(1)
    assert len({drawn(seed) for seed in range(6)}) > 1


@pytest.mark.parametrize("value", [0.0, -1.0, 11.0, float("nan")])
def test_a_temperature_that_cannot_be_used(value: float) -> None:
    with pytest.raises(RequestError, match="temperature"):
        Temperature(value)

import pytest
import torch

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.generate import GenerationParams, extend, greedy, prefill
from mellum_ls.runtime.kv_cache import Session
from mellum_ls.runtime.model import Model
from tests.fakes.checkpoints import write_checkpoint

IDS = [int(i) for i in torch.randint(40, 400, (30,), generator=torch.Generator().manual_seed(3))]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("generate"))).model


class Cancel:
    """Becomes true at the n-th look."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def never() -> bool:
    return False


def decode(
    model: Model, max_tokens: int, stop_ids: set[int], cancelled: Cancel | None = None
) -> tuple[list[int], Session]:
    session = Session(model.new_cache())
    hidden = prefill(model, session, IDS, never)
    assert hidden is not None
    return list(greedy(model, session, hidden, max_tokens, stop_ids, cancelled or never)), session


def test_greedy_is_the_argmax_of_a_fresh_pass_each_time(model: Model) -> None:
    found, session = decode(model, 12, set())
    ids = list(IDS)
    for token in found:
        hidden = model.forward(torch.tensor(ids), model.new_cache())
        assert token == int(model.logits(hidden[-1:]).argmax())
        ids.append(token)
    assert session.ids == ids[:-1], "the last id costs no pass"
    assert session.cache.length == len(session.ids)


def test_a_stop_id_ends_it_and_is_reported(model: Model) -> None:
    whole, _ = decode(model, 12, set())
    stop = whole[4]
    assert decode(model, 12, {stop})[0] == whole[: whole.index(stop) + 1]


@pytest.mark.parametrize("at", [0, 1, 5])
def test_cancel_is_looked_at_before_every_step(model: Model, at: int) -> None:
    found, session = decode(model, 12, set(), Cancel(at))
    assert len(found) == at
    assert len(session.ids) == len(IDS) + max(0, at - 1)


@pytest.mark.parametrize("at", [0, 1, 3])
def test_cancel_is_looked_at_before_every_chunk_and_work_done_stays(model: Model, at: int) -> None:
    session = Session(model.new_cache())
    assert prefill(model, session, IDS, Cancel(at), chunk=8) is None
    assert session.ids == IDS[: 8 * at]
    rest = prefill(model, session, IDS[8 * at :], never, chunk=8)
    assert rest is not None
    whole = model.forward(torch.tensor(IDS), model.new_cache())[-1:]
    torch.testing.assert_close(rest, whole, rtol=1e-4, atol=1e-4)


def test_extend_records_what_it_computed(model: Model) -> None:
    session = Session(model.new_cache())
    assert extend(model, session, IDS[:3]).shape == (3, model.config.hidden_size)
    assert session.ids == IDS[:3]


def test_parameters_are_checked() -> None:
    with pytest.raises(RequestError, match="max_tokens is 0"):
        GenerationParams(max_tokens=0)
    with pytest.raises(RequestError, match="stop is 'word'"):
        GenerationParams(stop="word")  # type: ignore[arg-type]

"""The MTP layer against transformers' MtpModel, and its cache against itself."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import MellumForCausalLM
from transformers.cache_utils import DynamicCache
from transformers.modeling_layers import MtpModel

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.mtp import MtpFollower
from tests.fakes.checkpoints import small_config, write_checkpoint

IDS = [int(i) for i in torch.randint(40, 400, (60,), generator=torch.Generator().manual_seed(3))]


@pytest.fixture(scope="module", params=["sliding_attention", "full_attention"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = small_config(num_nextn_predict_layers=1, mtp_layer_types=[request.param], mtp_mlp_layer_types=["sparse"])
    return write_checkpoint(tmp_path_factory.mktemp("mtp"), raw, mtp=True)


def test_draft_logits_equal_those_of_transformers(directory: Path) -> None:
    engine = Engine.load(directory)
    assert engine.mtp is not None
    ids = torch.tensor(IDS)
    hidden = engine.model.forward(ids[:-1], engine.model.new_cache())
    found = engine.mtp.draft_logits(hidden, ids[1:], engine.mtp.new_cache())

    main = MellumForCausalLM.from_pretrained(directory, dtype=torch.float32, experts_implementation="eager").eval()
    theirs = MtpModel.from_pretrained(main).eval()
    theirs.config._experts_implementation = "eager"
    with torch.no_grad():
        their_hidden = main.model(ids[None, :-1]).last_hidden_state
        states = theirs.forward_layer(
            0, their_hidden, torch.arange(1, len(IDS))[None], DynamicCache(), input_ids=ids[None, 1:]
        )
        wanted = theirs._project_to_logits(states)[0]
    assert float((found - wanted).abs().max()) <= 1e-4 * float(wanted.max() - wanted.min())


def test_any_chunking_equals_one_pass_and_rollback_is_exact(directory: Path) -> None:
    engine = Engine.load(directory)
    assert engine.mtp is not None
    ids = torch.tensor(IDS)
    hidden = engine.model.forward(ids[:-1], engine.model.new_cache())
    whole = engine.mtp.forward(hidden, ids[1:], engine.mtp.new_cache())
    cache = engine.mtp.new_cache()
    parts = [engine.mtp.forward(hidden[a:b], ids[1:][a:b], cache) for a, b in ((0, 1), (1, 30), (30, 59))]
    torch.testing.assert_close(torch.cat(parts), whole, rtol=1e-4, atol=1e-4)
    cache.truncate(20)
    again = engine.mtp.forward(hidden[20:], ids[1:][20:], cache)
    torch.testing.assert_close(again, whole[20:], rtol=1e-4, atol=1e-4)


def test_what_was_kept_up_with_is_neither_made_again_nor_another(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(directory)
    assert engine.mtp is not None
    model, head = engine.model, engine.mtp
    hidden = model.forward(torch.tensor(IDS), model.new_cache())
    made: list[int] = []
    forward = head.forward

    def counted(hidden: torch.Tensor, next_ids: torch.Tensor, *rest: Any) -> torch.Tensor:
        made.append(len(next_ids))
        return forward(hidden, next_ids, *rest)

    monkeypatch.setattr(head, "forward", counted)
    late, soon = MtpFollower(head), MtpFollower(head)
    late.follow(hidden[:50])
    for begin, end in ((0, 20), (20, 21), (21, 50)):
        soon.follow(hidden[begin:end])
        soon.keep_up(IDS[:end])
    past = head.past or len(IDS)  # nobody sees further back
    assert made == [min(19, past), 1, min(29, past)]
    copied = MtpFollower(head)
    copied.adopt(soon, 50)
    made.clear()
    wanted = late.draft(IDS[:50], IDS[50])
    for follower in (soon, copied):
        made.clear()
        torch.testing.assert_close(follower.draft(IDS[:50], IDS[50]), wanted, rtol=1e-4, atol=1e-4)
        assert made == [1]


def test_without_its_tensors_the_model_gives_the_same_tokens(directory: Path, tmp_path: Path) -> None:
    raw = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    bare = Engine.load(write_checkpoint(tmp_path, raw))
    assert bare.mtp is None
    assert bare.generate_ids(IDS, 12, ()) == Engine.load(directory).generate_ids(IDS, 12, ())

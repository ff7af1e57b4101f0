from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench import warm, warm_report
from mellum_ls.runtime.bench.decode import Plan, prompt_of
from mellum_ls.runtime.bench.rival import TransformersRival
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from tests.fakes.checkpoints import write_checkpoint

PLAN = Plan("warm", 60, 3, 8)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("warm") / "tiny"))


def test_a_key_is_answered_by_all_and_costs_little_with_a_warm_cache(engine: Engine) -> None:
    rival = TransformersRival(engine.model_dir, engine.model.dtype, engine.model.device)
    found = warm.measure(engine, PLAN, rival=rival)
    assert set(found["subjects"]) == {"warm", "from scratch", "transformers"}
    assert 1 <= found["computed_tokens"]["median"] <= 4
    for times in found["subjects"].values():
        assert 0 < times["first_token_ms"]["p50"] <= times["first_token_ms"]["p95"]
        assert times["first_token_ms"]["p50"] < times["total_ms"]["p50"]
    printed = warm_report.table(found)
    assert "8 keys behind 60 tokens" in printed
    assert "from scratch first token ms" in printed
    assert "its cache kept" in printed


def test_without_a_rival_there_are_ours(engine: Engine) -> None:
    found = warm.measure(engine, PLAN)
    assert (set(found["subjects"]), found["against"]) == ({"warm", "from scratch"}, None)
    assert "against" not in warm_report.table(found)


def test_more_keys_than_there_is_text_are_refused(engine: Engine) -> None:
    with pytest.raises(BenchmarkError, match="text for"):
        warm.measure(engine, Plan("warm", 60, 3, 10**7))
    with pytest.raises(BenchmarkError, match="do not fit the model"):
        warm.measure(engine, Plan("warm", 600, 3, 8))


def test_a_rival_goes_on_from_its_cache_and_writes_the_same(tmp_path: Path) -> None:
    engine = Engine.load(write_checkpoint(tmp_path))
    rival = TransformersRival(tmp_path, torch.float32, torch.device("cpu"))
    whole = prompt_of(engine, 80)
    for prompt in (whole[:60], whole[:62], [*whole[:50], 41, 42], whole, whole[:60], [99, *whole[:9]]):
        found: list[int] = []
        rival.resume(prompt, 5, found.append)
        assert found == engine.generate_ids(prompt, 5, ())

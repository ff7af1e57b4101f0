import pytest
import torch
from transformers import MellumConfig
from transformers.models.mellum.modeling_mellum import MellumRotaryEmbedding

from mellum_ls.runtime.config import ModelConfig, RopeConfig
from mellum_ls.runtime.rope_tables import FIRST_POSITIONS, RopeTables, inverse_frequencies
from tests.fakes.checkpoints import RELEASED


def test_the_plain_kind() -> None:
    frequencies, scale = inverse_frequencies(RopeConfig(theta=100.0, yarn=None), 4)
    torch.testing.assert_close(frequencies, torch.tensor([1.0, 0.1]))
    assert scale == 1.0


@pytest.mark.parametrize("kind", ["full_attention", "sliding_attention"])
def test_the_released_tables_equal_those_of_transformers(kind: str) -> None:
    keys = {key: value for key, value in RELEASED.items() if key not in ("model_type", "architectures", "dtype")}
    theirs = MellumRotaryEmbedding(MellumConfig(**keys))
    tables = RopeTables(ModelConfig.from_dict(RELEASED), torch.device("cpu"), torch.float32)
    start, count = 8190, 7
    cos, sin = tables.rows(kind, start, count)  # type: ignore[arg-type]
    wanted = theirs(torch.zeros(1), torch.arange(start, start + count)[None], kind)
    torch.testing.assert_close(cos[:, 0], wanted[0][0], rtol=0, atol=1e-6)
    first, second = sin[:, 0].chunk(2, dim=-1)
    torch.testing.assert_close(torch.cat((-first, second), dim=-1), wanted[1][0], rtol=0, atol=1e-6)


def test_yarn_keeps_fast_pairs_and_stretches_slow_ones() -> None:
    """The correction range of the released model is 18 to 35 of its 64 pairs."""
    config = ModelConfig.from_dict(RELEASED)
    stretched, scale = inverse_frequencies(config.rope["full_attention"], config.head_dim)
    plain, _ = inverse_frequencies(RopeConfig(500000.0, None), config.head_dim)
    ratio = plain / stretched
    torch.testing.assert_close(ratio[:19], torch.ones(19))
    torch.testing.assert_close(ratio[35:], torch.full((29,), 16.0))
    assert bool((ratio[19:35].diff() > 0).all())
    assert scale == 1.2772588722239782


def test_growing_does_not_change_rows() -> None:
    config = ModelConfig.from_dict(RELEASED)
    tables = RopeTables(config, torch.device("cpu"), torch.float32)
    before = tables.rows("full_attention", 3, 2)[0].clone()
    tables.rows("full_attention", FIRST_POSITIONS * 5, 1)
    assert torch.equal(tables.rows("full_attention", 3, 2)[0], before)
    fresh = RopeTables(config, torch.device("cpu"), torch.float32)
    far = FIRST_POSITIONS * 5
    assert torch.equal(fresh.rows("full_attention", far, 1)[0], tables.rows("full_attention", far, 1)[0])

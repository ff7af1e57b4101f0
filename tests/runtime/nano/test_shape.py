"""The embedded model stays inside the released family."""

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.nano.shape import nano_config
from mellum_ls.runtime.weights import expected_tensors


def test_the_family_traits_hold() -> None:
    config = ModelConfig.from_dict(nano_config("0" * 64))
    assert config.layer_types == ("sliding_attention",) * 3 + ("full_attention",) + ("sliding_attention",) * 3 + (
        "full_attention",
    )
    assert set(config.mlp_layer_types) == {"sparse"}
    assert config.rope["full_attention"].yarn is not None
    assert config.rope["sliding_attention"].yarn is None
    assert config.num_mtp_layers == 1
    assert not config.tie_word_embeddings
    for width in (config.hidden_size, config.head_dim, config.moe_intermediate_size, config.vocab_size):
        assert width % 64 == 0, "group-wise quantisation wants whole groups of 64"


def test_it_fits_the_repository() -> None:
    shapes = expected_tensors(ModelConfig.from_dict(nano_config("0" * 64)), mtp=True).values()
    parameters = 0
    for shape in shapes:
        size = 1
        for side in shape:
            size *= side
        parameters += size
    assert parameters == 19_346_432
    assert 2 * parameters < 39_300_000

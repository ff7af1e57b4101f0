"""The training network computes what the engine computes."""

import pytest
import torch

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.nano.export import export
from mellum_ls.runtime.nano.network import Network, attention_masks, rope_tables
from mellum_ls.runtime.nano.shape import nano_config
from mellum_ls.runtime.nano.train_tokenizer import train

LENGTH = 700  # beyond the window of 512


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Engine]:
    folder = tmp_path_factory.mktemp("pair")
    train(iter(["def main():\n    return 42\n"] * 20), 384).save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    vocab = len(__import__("json").loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    network = Network(ModelConfig.from_dict(nano_config("0" * 64, layers=4, hidden=64, vocab_size=vocab)))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3).copy_(parameter.bfloat16().float())
    export(network, folder / "tokenizer.json", folder / "model")
    return network, Engine.load(folder / "model", dtype=torch.float32)


def test_logits_and_drafts_agree_with_the_engine(pair: tuple[Network, Engine]) -> None:
    network, engine = pair
    config, device = network.config, torch.device("cpu")
    ids = torch.randint(35, config.vocab_size, (1, LENGTH + 1))
    tables, masks = rope_tables(config, LENGTH, device), attention_masks(config, LENGTH, device)
    with torch.no_grad():
        hidden, auxiliary = network(ids[:, :LENGTH], tables, masks)
        drafted = network.mtp(hidden, ids[:, 1:], tables, masks)
    cache = engine.model.new_cache()
    expected = engine.model.forward(ids[0, :LENGTH], cache)
    # States are up to 12 here, and sums in another order are 7e-4 from those in float64, either way.
    torch.testing.assert_close(hidden[0], expected, atol=2e-3, rtol=2e-3)
    assert engine.mtp is not None
    expected_draft = engine.mtp.forward(expected, ids[0, 1:], engine.mtp.new_cache())
    torch.testing.assert_close(drafted[0], expected_draft, atol=2e-3, rtol=5e-3)
    assert auxiliary.item() >= 1.0


def test_losses_are_the_cross_entropies_of_the_next_three_tokens(pair: tuple[Network, Engine]) -> None:
    network, _ = pair
    config, device = network.config, torch.device("cpu")
    ids = torch.randint(35, config.vocab_size, (2, 64 + 3))
    tables, masks = rope_tables(config, 64, device), attention_masks(config, 64, device)
    with torch.no_grad():
        losses = network.losses(ids, tables, masks, recurse=True)
        hidden, _ = network(ids[:, :64], tables, masks)
        logits = hidden @ network.head.T
    by_hand = -logits.log_softmax(-1).gather(-1, ids[:, 1:65, None]).mean()
    torch.testing.assert_close(losses["main"], by_hand, atol=1e-4, rtol=1e-4)
    assert set(losses) == {"main", "auxiliary", "mtp1", "mtp2"}
    assert "mtp2" not in network.losses(ids, tables, masks, recurse=False)

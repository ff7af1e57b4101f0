import argparse
from collections.abc import Iterator

import pytest
import torch

from mellum_ls.runtime.bench import made
from mellum_ls.runtime.bench.decode import Plan, measure
from mellum_ls.runtime.bench.made import synthetic_engine, synthetic_shape
from mellum_ls.runtime.devices import Place
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.synthetic import released_config

CPU = Place(torch.device("cpu"), torch.float32, "")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_shapes_have_names() -> None:
    assert synthetic_shape("released") == released_config()
    assert synthetic_shape("layers=5") == released_config(5)
    nano = synthetic_shape("nano")
    assert (nano.hidden_size, nano.num_mtp_layers) == (320, 0)
    for wrong in ("layers=0", "layers=", "layers=1000", "other"):
        with pytest.raises(argparse.ArgumentTypeError, match="use released, layers=N or nano"):
            synthetic_shape(wrong)


def test_an_engine_of_random_weights_is_measured_and_the_same_each_time() -> None:
    one, same, other = (synthetic_engine(synthetic_shape("nano"), "int4", seed, CPU) for seed in (0, 0, 1))
    found = measure(one, Plan("decode", 4, 2, 5))
    assert (found["format"], found["model"]) == ("int4", "synthetic-8-layers")
    ids = torch.arange(3)
    logits = [engine.model.logits(engine.model.forward(ids, engine.model.new_cache())) for engine in (one, same, other)]
    assert torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[0], logits[2])


def test_what_cannot_fit_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "free_memory", lambda device: 6 * 10**9)
    monkeypatch.setattr(made, "synthetic_weights", lambda *_: pytest.fail("weights were made"))
    with pytest.raises(SettingError, match=r"in int4 needs [0-9.]+ GB .* 6.0 GB are free: end other programs"):
        synthetic_engine(released_config(), None, 0, CPU)

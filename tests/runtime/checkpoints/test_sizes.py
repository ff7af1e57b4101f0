import torch

from mellum_ls.runtime.checkpoints.sizes import bytes_by_format, fit, parameters
from mellum_ls.runtime.devices import Gpu, choose_place
from mellum_ls.runtime.synthetic import released_config
from tests.fakes.checkpoints import RELEASED_PARAMETERS

CONFIG = released_config()
CPU = choose_place([])
GPU = choose_place([Gpu(0, "Card", (8, 9), 10**10, 10**10)])


def test_the_released_shape() -> None:
    assert parameters(CONFIG) == RELEASED_PARAMETERS
    sizes = bytes_by_format(CONFIG)
    # The router stays in float32, and norms are not counted: two kilobytes a layer.
    assert abs(sizes["bf16"] - 24.30e9) < 0.02e9
    assert abs(sizes["int8"] - 12.4e9) < 0.1e9
    assert abs(sizes["int4"] - 7.2e9) < 0.1e9


def test_on_a_gpu_the_plan_of_loading_decides() -> None:
    for free, format in ((30e9, "bf16"), (16e9, "int8"), (9e9, "int4"), (5e9, None)):
        found = fit(CONFIG, GPU, int(free))
        assert found.format == format
        assert "Card, the only usable GPU: " in found.why
    assert "needs" in fit(CONFIG, GPU, 5 * 10**9).why


def test_on_a_processor_it_decides_too() -> None:
    assert CPU.dtype == torch.float32
    for free, format in ((60e9, "float32"), (30e9, "bf16"), (9e9, "int4"), (5e9, None)):
        found = fit(CONFIG, CPU, int(free))
        assert found.format == format
        assert found.why.startswith("the processor, because torch sees no GPU: ")

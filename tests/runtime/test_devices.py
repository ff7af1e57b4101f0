import pytest
import torch

from mellum_ls.runtime import devices
from mellum_ls.runtime.cache.budget import physical_memory
from mellum_ls.runtime.devices import (
    Gpu,
    MemoryPlan,
    choose_place,
    default_place,
    free_memory,
    plan_memory,
    visible_gpus,
    weight_bytes,
)
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.synthetic import released_config, synthetic_weights
from mellum_ls.runtime.weights import ModelWeights

GB = 10**9
TURING = Gpu(0, "Turing", (7, 5), 15 * GB, 16 * GB)
SMALL, LARGE = Gpu(1, "Ampere", (8, 6), 10 * GB, 12 * GB), Gpu(2, "Ada", (8, 9), 22 * GB, 24 * GB)


def test_the_gpu_with_the_most_free_memory_is_taken_and_the_choice_explained() -> None:
    place = choose_place([TURING, SMALL, LARGE])
    assert (place.device, place.dtype) == (torch.device("cuda", 2), torch.bfloat16)
    assert place.why == "Ada (number 2): of 2 usable GPUs the one with the most free memory"
    assert choose_place([SMALL]).why == "Ampere, the only usable GPU"
    same = Gpu(3, "Ada", (8, 9), LARGE.free, LARGE.total)
    assert choose_place([same, LARGE]).device.index == 2


def test_a_device_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "visible_gpus", lambda: [SMALL])
    assert default_place() == choose_place([SMALL])
    named = default_place("cpu")
    assert (named.device.type, named.dtype, named.why) == ("cpu", torch.float32, "cpu, as asked for")
    assert default_place("cuda").dtype == torch.bfloat16


def test_a_gpu_without_bfloat16_is_refused_with_its_reason() -> None:
    place = choose_place([TURING])
    assert (place.device.type, place.dtype) == ("cpu", torch.float32)
    assert "Turing has compute capability 7.5; bfloat16 tensor cores begin with 8.0" in place.why
    assert choose_place([]).why == "the processor, because torch sees no GPU"


def real_bytes(weights: ModelWeights) -> int:
    total = weights.embedding.nbytes + weights.lm_head.nbytes
    for layer in weights.layers:
        total += sum(part.nbytes for part in (layer.qkv, layer.output, layer.mlp.gate_up, layer.mlp.down))
        total += layer.mlp.router.nbytes  # type: ignore[union-attr]
    return total


@pytest.mark.parametrize("name", WEIGHT_FORMATS)
def test_the_planned_bytes_are_those_of_the_tensors(name: str) -> None:
    config, format = released_config(), WEIGHT_FORMATS[name]  # type: ignore[index]
    real = real_bytes(synthetic_weights(config, format, torch.device("meta")))
    assert weight_bytes(config, format, torch.bfloat16) == pytest.approx(real, rel=1e-9)


def plan(free: float) -> MemoryPlan:
    return plan_memory(released_config(), int(free * GB), torch.bfloat16)


def test_the_format_follows_the_memory() -> None:
    assert [plan(free).format.name for free in (80, 26, 23.5, 15.5, 11)] == ["float", "float", "int8", "int8", "int4"]
    found = plan(23.5)
    assert found.weights + found.overhead + found.cache == int(23.5 * GB)
    assert found.why == "int8: 12.4 GB of weights leave 10.5 GB of 23.5 GB for keys and values"


def test_what_cannot_fit_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(SettingError, match=r"in int4 needs 7.9 GB with a prompt of 8192 tokens, and 6.0 GB are free"):
        plan(6)
    with pytest.raises(SettingError, match=r"in float needs .* int8 would fit"):
        plan_memory(released_config(), 20 * GB, torch.bfloat16, "float")
    chosen = plan_memory(released_config(), 80 * GB, torch.bfloat16, "int4")
    assert chosen.format.name == "int4"
    assert chosen.why.endswith("as asked for")


def test_a_processor_has_formats_by_its_memory_too() -> None:
    """Floats are float32 there; what is less is kept and multiplied in float32."""

    def chosen(free: float) -> str:
        return plan_memory(released_config(), int(free * GB), torch.float32, kind="cpu").format.name

    assert [chosen(free) for free in (64, 32, 20, 10)] == ["float", "bf16", "int8", "int4"]
    with pytest.raises(SettingError, match=r"6.0 GB are free: end other programs, or take a smaller model"):
        chosen(6)
    with pytest.raises(SettingError, match=r"in bf16 needs 25.* int8 would fit"):
        plan_memory(released_config(), 20 * GB, torch.float32, "bf16", "cpu")


def test_bfloat16_is_what_floats_are_on_a_gpu() -> None:
    assert plan_memory(released_config(), 80 * GB, torch.bfloat16, "bf16").format.name == "float"


def test_the_free_memory_is_what_programs_can_still_get() -> None:
    assert 0 < free_memory(torch.device("cpu")) <= physical_memory()


def test_what_torch_sees_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    if torch.cuda.is_available():
        assert visible_gpus()[0].total >= visible_gpus()[0].free > 0
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert visible_gpus() == []

import pytest
import torch

from mellum_ls.kernels._triton.sureness import BLOCK, sureness
from tests.kernels._triton.poisoned import Poisoned


@pytest.mark.parametrize("count", [1, 50, BLOCK, 2 * BLOCK + 3])
@pytest.mark.parametrize("spread", [0.0, 1.0, 40.0])
def test_the_probability_is_that_of_the_softmax(device: torch.device, count: int, spread: float) -> None:
    scores = torch.randn(1, count, generator=torch.Generator().manual_seed(count)) * spread
    largest, place = scores.max(dim=-1)
    buffers = Poisoned(device)
    out = buffers.empty(2, dtype=torch.int32)
    launch = sureness(buffers.holding(scores), buffers.holding(place.to(torch.int32)), buffers.holding(largest), out)
    for _ in range(2):
        launch.run()
        assert int(out[0]) == int(place)
        found = float(out[1:].cpu().view(torch.float32))
        assert found == pytest.approx(float(scores.double().softmax(-1).max()), rel=1e-5)
    buffers.check_margins()
    assert launch.reads == 4 * count + 8

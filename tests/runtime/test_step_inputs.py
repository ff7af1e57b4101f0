"""The inputs of a step: written on the host, found by the kernels where they look."""

import torch

from mellum_ls.runtime.step_inputs import Inputs

CPU = torch.device("cpu")


def test_what_is_written_arrives_when_it_is_sent() -> None:
    inputs = Inputs(2, CPU)
    inputs.write(7, 3, [11, 12, 13], (1 << 40, 2, 3, 4), source=5)
    assert inputs.words.tolist() == [0] * 18
    inputs.send()
    assert inputs.state.tolist() == [7, 3]
    assert inputs.ids(3).tolist() == [11, 12, 13]
    assert inputs.places.tolist() == [[1 << 40, 2], [3, 4]]
    assert inputs.source.tolist() == [5]
    places = (8, 9, 10, 11)
    inputs.write(8, 0, range(16), places)
    inputs.send()
    assert inputs.ids(16).tolist() == list(range(16))
    assert (inputs.places.tolist(), inputs.source.tolist()) == ([[8, 9], [10, 11]], [0])


def test_the_numbers_begin_where_wide_loads_may() -> None:
    for layers in (1, 2, 3, 28):
        inputs = Inputs(layers, CPU)
        base = inputs.places.data_ptr()
        assert [(part.data_ptr() - base) % 16 for part in (inputs.source, inputs.words, inputs.places[-1])] == [0] * 3

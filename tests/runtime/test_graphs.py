import pytest
import torch

from mellum_ls.runtime.graphs import Graphs

CPU = torch.device("cpu")


def test_without_a_gpu_the_work_is_done_at_once_and_the_reason_told() -> None:
    graphs, done = Graphs(CPU), []
    for key in ("a", "b", "a"):
        graphs.run(key, lambda key=key: done.append(key))  # type: ignore[misc]
    assert done == ["a", "b", "a"]
    assert (len(graphs), graphs.captures) == (0, 0)
    assert graphs.reason == "there are no graphs on the device 'cpu'"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU to capture on")
class TestOnAGpu:
    def test_a_replay_reads_what_changed_on_the_device(self) -> None:
        x, out = torch.ones(4, device="cuda"), torch.zeros(4, device="cuda")
        graphs = Graphs(x.device)
        for value in (1.0, 5.0, 7.0):
            x.fill_(value)
            graphs.run("double", lambda: torch.mul(x, 2, out=out))  # type: ignore[arg-type, return-value]
            assert (out == 2 * value).all()
        assert (graphs.captures, graphs.reason) == (1, None)

    def test_only_so_many_are_kept(self) -> None:
        x = torch.zeros(1, device="cuda")
        graphs = Graphs(x.device, most=2)
        for key in (1, 2, 3, 2, 1):
            graphs.run(key, lambda: x.add_(1))  # type: ignore[arg-type, return-value]
        assert (len(graphs), graphs.captures) == (2, 4)
        assert int(x) == 5  # captured or replayed, it is done once

    def test_what_cannot_be_captured_is_done_and_the_reason_told(self, caplog: pytest.LogCaptureFixture) -> None:
        x = torch.ones(1, device="cuda")
        graphs = Graphs(x.device)
        seen: list[float] = []
        graphs.run("reads", lambda: seen.append(float(x)))  # the host waits for the device: not in a graph
        assert seen == [1.0]
        assert "reads" in str(graphs.reason)
        graphs.run("reads", lambda: seen.append(float(x)))
        assert seen == [1.0, 1.0]
        assert "kernel by kernel" in caplog.text

import io

from rich.console import Console

from mellum_ls.runtime.checkpoints.hub import RemoteFile
from mellum_ls.runtime.checkpoints.progress import LEAST_BYTES, Bars

LARGE = RemoteFile("model.safetensors", 4 * LEAST_BYTES, "0" * 64, None)
SMALL = RemoteFile("config.json", 10, None, "0" * 40)


def drawn(*, terminal: bool) -> str:
    out = io.StringIO()
    with Bars(Console(file=out, force_terminal=terminal, width=100)) as bars:
        bars(SMALL, 10)
        bars(LARGE, LEAST_BYTES)
        bars(LARGE, LARGE.size)
        bars(LARGE, LARGE.size, checking=True)
    return out.getvalue()


def test_large_files_have_bars_on_a_terminal() -> None:
    last = drawn(terminal=True).rsplit("\r", maxsplit=1)[-1]
    assert "model.safetensors" in last
    assert "checking model.safetensors" in last
    assert "4.2/4.2 MB" in last
    assert "config.json" not in last


def test_elsewhere_there_is_nothing() -> None:
    assert drawn(terminal=False).strip() == ""


def test_what_was_here_is_no_speed() -> None:
    with Bars(Console(file=io.StringIO(), force_terminal=True)) as bars:
        bars(LARGE, LEAST_BYTES)
        (task,) = bars.progress.tasks
        assert task.completed == LEAST_BYTES
        assert not task.speed

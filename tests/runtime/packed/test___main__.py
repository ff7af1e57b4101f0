import io
from pathlib import Path

import pytest

from mellum_ls.runtime.packed.__main__ import Bar, main
from mellum_ls.runtime.packed.store import place_for
from tests.fakes.checkpoints import small_config, write_checkpoint


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MELLUM_CACHE_DIR", str(tmp_path / "cache"))
    return write_checkpoint(tmp_path / "model", small_config())


def test_the_file_is_where_the_next_start_looks(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"--model={model}", "--format=int8"]) == 0
    file = place_for(tmp_path / "cache", model, "int8")
    assert file.is_file()
    told = capsys.readouterr()
    assert "the next start in int8 takes it" in told.out
    assert "100 %" in told.err
    assert main([f"--model={model}", "--format=int8"]) == 0
    assert "there already" in capsys.readouterr().out
    file.write_bytes(b"damaged")
    assert main([f"--model={model}", "--format=int8"]) == 0
    assert "the next start" in capsys.readouterr().out


def test_a_folder_to_take_along(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--model={model}", f"--out={tmp_path / 'out'}"]) == 0
    assert f"use it with --model {tmp_path / 'out'}" in capsys.readouterr().out
    assert (tmp_path / "out" / "config.json").is_file()


def test_what_cannot_be_packed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--model={tmp_path / 'gone'}"]) == 1
    assert "gone" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_grows_on_a_terminal_and_is_lines_elsewhere() -> None:
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        bar = Bar(out)
        for done in (0, 4 * 10**8, 5 * 10**8, 10**9):
            bar(done, 10**9)
    assert file.getvalue().count("\n") == 4
    assert "[###############               ]  50 %, 0.50 of 1.00 GB" in file.getvalue()
    assert terminal.getvalue().count("\r") == 4
    assert terminal.getvalue().endswith("1.00 of 1.00 GB\n")

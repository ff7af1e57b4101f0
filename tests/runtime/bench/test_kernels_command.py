import argparse
import json
import sys
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench import kernels_command
from mellum_ls.runtime.errors import BenchmarkError


def given(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    kernels_command.add_arguments(parser)
    return parser.parse_args(options)


def test_without_a_gpu_it_counts_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    kernels_command.run(given("--formats", "int4", "--json", str(tmp_path / "k.json")))
    said = capsys.readouterr().out
    assert "int4       1" in said
    assert "torch sees no GPU: nothing is measured" in said
    found = json.loads((tmp_path / "k.json").read_text(encoding="utf-8"))
    assert {row["rows"] for row in found["static"]} == {1, 4}
    assert "measured" not in found
    assert found["machine"]["accelerator"] is None


def test_wrong_options_are_named() -> None:
    with pytest.raises(BenchmarkError, match="format 'int5' is not known, wanted float, bf16, int8, int4"):
        kernels_command.run(given("--formats", "int4,int5"))
    with pytest.raises(BenchmarkError, match="context 'many' is not a number"):
        kernels_command._whole("many")


def test_without_triton_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("triton", "mellum_ls.runtime.bench.gpu"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("kernels", "static", "parity", "plain"):
        monkeypatch.delitem(sys.modules, f"mellum_ls.runtime.bench.{name}", raising=False)
    monkeypatch.delattr("mellum_ls.runtime.bench.gpu", raising=False)
    monkeypatch.setitem(sys.modules, "triton", None)
    for name in [name for name in sys.modules if name.startswith("mellum_ls.kernels._triton")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("mellum_ls.runtime.step", "mellum_ls.runtime.fused"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(BenchmarkError, match="triton cannot be imported here"):
        kernels_command.run(given("--static"))

"""`mellum-ls bench kernels`: what the kernels take on a GPU, elsewhere what can be counted without one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch

from mellum_ls.runtime.bench.machine import describe_machine
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import BenchmarkError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName
from mellum_ls.runtime.synthetic import released_config

NO_TRITON = "triton cannot be imported here: torch's builds for GPUs bring it, and on Linux `pip install triton` does"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--static", action="store_true")
    parser.add_argument("--compiled", action="store_true", help="what becomes of each kernel on each architecture")
    parser.add_argument("--formats", metavar="NAME,NAME", default="int4,int8,float")
    parser.add_argument("--contexts", metavar="N,N", default="512,2048,8192,32768")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--markdown", metavar="FILE")


def run(given: argparse.Namespace) -> None:
    """Measure, count or compile, print, and write the files asked for. Raises BenchmarkError and OSError."""
    formats = _formats(given.formats)
    try:
        from mellum_ls.runtime.bench import compiled, gpu, static
    except ModuleNotFoundError as error:
        if error.name != "triton":
            raise
        raise BenchmarkError(NO_TRITON) from error
    if given.compiled:
        print("compiling, for minutes where it was not done before ...", file=sys.stderr, flush=True)
        verdicts = compiled.examine(compiled.Plan(formats=formats), read_environment().cache_dir / "compiled")
        print(compiled.table(verdicts))
        _write(given.json, json.dumps({"benchmark": "kernels", "compiled": [asdict(each) for each in verdicts]}))
        if any(each.faults for each in verdicts):
            raise BenchmarkError("some kernels are unfit for their architectures: see above")
        return
    counted = static.static_report(formats)
    found: dict[str, Any] = {"benchmark": "kernels", "static": counted, "machine": describe_machine(_gpu_name())}
    print(static.table(counted))
    if torch.cuda.is_available() and not given.static:
        print("measuring ...", file=sys.stderr, flush=True)
        contexts = [_whole(text) for text in given.contexts.split(",")]
        title = f"{_gpu_name()}, torch {torch.__version__}"

        def keep(measured: Mapping[str, Any]) -> None:
            """Written after each format: what was measured is not lost with what comes after."""
            found["measured"] = measured
            _write(given.json, json.dumps(found, indent=1))
            _write(given.markdown, gpu.markdown(measured, title))

        print(gpu.markdown(gpu.measure_gpu(released_config(), formats, contexts, torch.device("cuda", 0), keep), title))
        return
    if not given.static:
        print("torch sees no GPU: nothing is measured")
    _write(given.json, json.dumps(found, indent=1))


def _write(path: str | None, text: str) -> None:
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")


def _gpu_name() -> str | None:
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def _formats(text: str) -> Sequence[FormatName]:
    names = text.split(",")
    unknown = [name for name in names if name not in WEIGHT_FORMATS]
    if unknown:
        raise BenchmarkError(f"format {unknown[0]!r} is not known, wanted {', '.join(WEIGHT_FORMATS)}")
    return names  # type: ignore[return-value]


def _whole(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise BenchmarkError(f"context {text!r} is not a number of tokens")
    return int(text)

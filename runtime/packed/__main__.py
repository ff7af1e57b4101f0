"""`python -m mellum_ls.runtime.packed`: packs a model ahead of time, with a bar on standard error.

Exit codes: 0 the file is there; 1 it cannot be made, with the reason on standard error; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import default_place
from mellum_ls.runtime.environment import model_directory, read_environment
from mellum_ls.runtime.errors import MellumError
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.packed.file import Unusable, read_whole
from mellum_ls.runtime.packed.load import Source, make_file
from mellum_ls.runtime.packed.shipped import ship
from mellum_ls.runtime.packed.store import place_for, tidy

FORMATS = ("int4", "int8", "bf16")
WIDTH = 30


@dataclass(slots=True)
class Bar:
    """How far it is: a bar that grows on a terminal, elsewhere a line for each tenth."""

    out: TextIO
    shown: int = -1

    def __call__(self, done: int, total: int) -> None:
        """Show it, when it has moved."""
        live = self.out.isatty()
        percent = done * 100 // max(1, total)
        step = percent if live else percent // 10 * 10
        if step <= self.shown:
            return
        self.shown = step
        filled = "#" * (WIDTH * step // 100)
        line = f"[{filled:<{WIDTH}}] {step:3} %, {done / 1e9:.2f} of {total / 1e9:.2f} GB"
        self.out.write(f"\r{line}" if live else f"{line}\n")
        self.out.write("\n" if live and step == 100 else "")
        self.out.flush()


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; ends the process with code 2 when it is wrong, as argparse does."""
    parser = argparse.ArgumentParser(prog="mellum-ls models quantize", allow_abbrev=False)
    parser.add_argument("--model", metavar="DIR")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0])
    parser.add_argument("--out", metavar="DIR", type=Path)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Pack one model; the exit code."""
    given = parse_arguments(argv)
    try:
        print(_pack(given), flush=True)
    except (MellumError, OSError) as error:
        print(f"mellum-ls models quantize: {error}", file=sys.stderr)
        return 1
    return 0


def _pack(given: argparse.Namespace) -> str:
    """Make the file unless it is there; what to tell."""
    environment = read_environment()
    model = model_directory(given.model or environment.model)
    config = ModelConfig.from_file(model / "config.json")
    source = Source(Checkpoint.open(model), config, WEIGHT_FORMATS[given.format])
    device = default_place().device
    if given.out is not None:
        file = ship(source, given.out.expanduser(), device, Bar(sys.stderr))
        return f"{file}: {file.stat().st_size / 1e9:.2f} GB; use it with --model {file.parent}"
    _, layout = source.plan()
    file = place_for(environment.cache_dir, model, given.format)
    try:
        read_whole(file, layout)
        return f"{file} is there already and whole"
    except (FileNotFoundError, Unusable):
        make_file(source, file, layout, device, Bar(sys.stderr))
    tidy(environment.cache_dir, keep=file)
    return f"{file}: {file.stat().st_size / 1e9:.2f} GB; the next start in {given.format} takes it"


if __name__ == "__main__":
    sys.exit(main())

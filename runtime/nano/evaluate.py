"""One command that measures a model on held-out packages and prints the figures of the model card.

Decides which sections run and keeps their results, so that a killed run goes on where it stood. Greedy and
seeded.
"""

import argparse
import contextlib
import hashlib
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from mellum_ls.runtime.bench.machine import cpu_name
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.errors import MellumError, SettingError
from mellum_ls.runtime.nano.answers import Answers
from mellum_ls.runtime.nano.report import markdown, table
from mellum_ls.runtime.nano.sections import SECTIONS, Bench, Sizes

logger = logging.getLogger(__name__)


class Results:
    """Figures by section, each with a digest of what it was computed from; saved after every section."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._sections: dict[str, Any] = {}
        if path is not None and path.is_file():
            try:
                self._sections = dict(json.loads(path.read_text(encoding="utf-8"))["sections"])
            except (ValueError, KeyError, TypeError) as error:
                raise SettingError(
                    f"--json {path} is not a result of this command: remove it or name another"
                ) from error

    def get(self, section: str, inputs: str) -> Any:
        """The figures of a section that was computed from the same inputs, else None."""
        entry = self._sections.get(section)
        return entry["figures"] if entry and entry["inputs"] == inputs else None

    def put(self, section: str, inputs: str, figures: Any, seconds: float) -> None:
        """Keep the figures of a section."""
        self._sections[section] = {"inputs": inputs, "seconds": round(seconds, 1), "figures": figures}
        if self._path is not None:
            content = {"machine": machine(), "sections": self._sections}
            partial = self._path.with_name(self._path.name + ".partial")
            partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            partial.replace(self._path)


def run(bench: Bench, names: Iterable[str], results: Results) -> dict[str, Any]:
    """Figures of the named sections, computed where not known; those without their data are left out."""
    figures: dict[str, Any] = {}
    for name in names:
        missing = {"baseline": bench.train is None, "humaneval": bench.problems is None}.get(name, False)
        if missing:
            logger.info("%s: left out, its data are not given", name)
            continue
        inputs = _inputs(bench, name)
        figures[name] = results.get(name, inputs)
        if figures[name] is None:
            began = time.monotonic()
            figures[name] = SECTIONS[name](bench)
            results.put(name, inputs, figures[name], time.monotonic() - began)
            logger.info("%s: %.0f s", name, time.monotonic() - began)
    return figures


def machine() -> str:
    """The computer in a few words: processor, number of cores, Python."""
    return f"{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        bench = _bench(options)
        with contextlib.closing(bench.answers):
            figures = run(bench, options.section or SECTIONS, Results(options.json))
    except MellumError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print(table(figures))
    print(f"\n{machine()}")
    if options.markdown is not None:
        options.markdown.write_text(markdown(figures, machine()), encoding="utf-8")
    return 0


def _bench(options: argparse.Namespace) -> Bench:
    model_dir = model_directory(options.model)
    log = None if options.json is None else options.json.with_name(options.json.name + ".answers")
    return Bench(
        model_dir=model_dir,
        heldout=options.heldout,
        train=options.train,
        problems=options.humaneval,
        sizes=Sizes().limited(options.limit),
        answers=Answers(model_dir, _model_digest(model_dir), log, options.workers),
    )


def _inputs(bench: Bench, section: str) -> str:
    """A digest of all that the section's figures depend on, apart from the code."""
    parts = [section, json.dumps(asdict(bench.sizes)), _digest(bench.heldout)]
    if section == "baseline" and bench.train is not None:
        parts += [_digest(bench.train), _digest(bench.model_dir / "tokenizer.json")]
    else:
        parts.append(_model_digest(bench.model_dir))
    if section == "humaneval" and bench.problems is not None:
        parts.append(_digest(bench.problems))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _model_digest(model_dir: Path) -> str:
    files = sorted([*model_dir.glob("*.json"), *model_dir.glob("*.safetensors")])
    return hashlib.sha256("".join(f"{file.name}={_digest(file)};" for file in files).encode()).hexdigest()


@cache
def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SettingError(f"cannot read {path}: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.nano.evaluate", description=__doc__)
    parser.add_argument("--model", help="model directory (default: the embedded one)")
    parser.add_argument("--heldout", type=Path, required=True, help="held-out corpus, one JSON object a line")
    parser.add_argument("--train", type=Path, help="training corpus, for the n-gram baseline")
    parser.add_argument("--humaneval", type=Path, help="HumanEval-Infilling problems, .jsonl.gz")
    parser.add_argument("--limit", type=int, help="at most so many cases in each section, for a quick look")
    parser.add_argument("--section", nargs="+", choices=list(SECTIONS), metavar="NAME", help=", ".join(SECTIONS))
    parser.add_argument("--json", type=Path, help="results; a second run goes on from it")
    parser.add_argument("--markdown", type=Path, help="write the figures and suggestions as Markdown")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="processes that complete")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""One command from package names to a finished checkpoint: fetch, build, tokenizer, training, export.

Each step leaves its result under the work folder and is skipped once that is whole, so the command may be killed and
run again. The shipped checkpoint came from these steps on one GPU; other hardware rounds differently, so expect the
same quality rather than the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mellum_ls.runtime.nano import corpus, train, train_tokenizer


def reproduce(work: Path, packages: Path | None, tokenizer_arguments: Sequence[str], sizes: Sequence[str]) -> Path:
    """Run the steps that are not done yet; the finished model's folder."""
    listed = corpus.read_packages(packages)
    data, tokenizer = work / "corpus", work / "tokenizer.json"
    if not (data / "train.jsonl").exists():
        corpus.fetch(listed, work / "wheels")
        corpus.build(listed, work / "wheels", data)
    if not tokenizer.exists():
        train_tokenizer.main(["--corpus", str(data / "train.jsonl"), "--out", str(tokenizer), *tokenizer_arguments])
    folder = work / "run"
    train.main(["--corpus", str(data), "--tokenizer", str(tokenizer), "--folder", str(folder), *sizes])
    return folder / "checkpoint"


def main(arguments: list[str] | None = None) -> None:
    """Command line: reproduce [--work DIR] [training sizes]; options that it does not know go to the training."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.nano.reproduce", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/nano"))
    parser.add_argument("--packages", type=Path, help="another packages.toml")
    parser.add_argument("--vocab-size", type=int, default=10_240)
    options, sizes = parser.parse_known_args(arguments)
    vocabulary = ["--vocab-size", str(options.vocab_size), "--characters", "50000000"]
    print(reproduce(options.work, options.packages, vocabulary, sizes))


if __name__ == "__main__":
    main()

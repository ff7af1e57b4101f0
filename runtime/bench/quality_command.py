"""`mellum-ls bench quality`: the options, the texts, and the table of runtime/bench/quality.py."""

from __future__ import annotations

import argparse
import inspect
import json
import shlex
import sys
import textwrap
from pathlib import Path
from typing import Any

import torch

from mellum_ls.runtime.bench import quality
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.environment import model_directory, read_environment
from mellum_ls.runtime.tokenizer import Tokenizer
from mellum_ls.runtime.use_threads import use_threads
from mellum_ls.runtime.weights import load_weights

SHORT = (argparse, textwrap, shlex)
"""Their sources are the texts where none are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--model", metavar="DIR")
    parser.add_argument("--random", action="store_true", help="a random model of middling size, and random tokens")
    parser.add_argument(
        "--texts", metavar="FILE", type=Path, help="JSON lines with a text each (default: some sources)"
    )
    parser.add_argument("--files", metavar="N", type=int, default=12, help="most texts")
    parser.add_argument("--tokens", metavar="N", type=int, default=512, help="most tokens of a text")
    parser.add_argument("--json", metavar="FILE", type=Path)


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Measure, print the table, write the figures where they are wanted. Raises MellumError, OSError."""
    environment = read_environment()
    use_threads(environment.threads)
    if given.random:
        config, name = quality.middle_config(), "random"
        weights = quality.random_model(config)
        generator = torch.Generator().manual_seed(1)
        ids = [
            torch.randint(0, config.vocab_size, (given.tokens,), generator=generator).tolist()
            for _ in range(given.files)
        ]
    else:
        folder = model_directory(given.model or environment.model)
        config, name = ModelConfig.from_file(folder / "config.json"), folder.name
        weights = load_weights(Checkpoint.open(folder), config, torch.device("cpu"), torch.float32)
        tokenizer = Tokenizer.from_file(folder / "tokenizer.json", expected_sha256=config.tokenizer_sha256)
        sources = [inspect.getsource(module) for module in SHORT]
        texts = sources if given.texts is None else quality.texts_of(given.texts, given.files)
        ids = [tokenizer.encode(text)[: given.tokens] for text in texts[: given.files]]
    found = {
        "model": name,
        **quality.measure(config, weights, ids, on_format=lambda name: print(f"{name} ...", file=sys.stderr)),
    }
    print(f"{name}: {found['texts']} texts of {found['tokens']} tokens, against float32 on the stored weights\n")
    print(quality.markdown(found))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found

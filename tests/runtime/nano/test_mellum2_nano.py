"""The embedded model as shipped: loadable by anyone, the same tokens everywhere, useful at a cursor."""

import json
import warnings

import pytest
import torch

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.fim import ContextFile, Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.nano.export import sha256

FOLDER = model_directory(None)
LINE = GenerationParams(max_tokens=32, stop="line")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(FOLDER, dtype=torch.float32)


def test_transformers_gives_the_same_greedy_tokens(engine: Engine) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(FOLDER)
        for text in ("import os\n\n\ndef read(path):\n", "class Stack:\n    def push(self, item):\n        "):
            ids = engine.tokenizer.encode(text)
            assert tokenizer(text)["input_ids"] == ids
            made = oracle.generate(torch.tensor([ids]), max_new_tokens=24, do_sample=False, pad_token_id=0)
            assert made[0, len(ids) :].tolist() == engine.generate_ids(ids, 24, stop_ids={0})


def test_weights_and_tokenizer_belong_together(engine: Engine) -> None:
    config = json.loads((FOLDER / "config.json").read_text())
    assert config["tokenizer_sha256"] == sha256(FOLDER / "tokenizer.json")
    assert engine.mtp is not None
    assert engine.tokenizer.id_of("<|extra_token_8|>") == 34


@pytest.mark.parametrize(
    ("prefix", "suffix", "expected"),
    [
        ("def add(left, right):\n    return left + ", "\n\n\nprint(add(1, 2))\n", "right"),
        ("def read_file(path):\n    with open(path) as f:\n        ", "\n", "return f.read()"),
        (
            "class Stack:\n    def __init__(self):\n        self._items = []\n\n    def push(self, item):\n        ",
            "\n\n    def pop(self):\n        return self._items.pop()\n",
            "self._items.append(item)",
        ),
    ],
)
def test_plain_lines_are_completed(engine: Engine, prefix: str, suffix: str, expected: str) -> None:
    assert engine.complete("test", Prompt(prefix, suffix, path="demo.py"), LINE).text == expected


def test_another_files_definition_is_used(engine: Engine) -> None:
    definition = "def frobnicate(zebra_count, *, velvet_mode):\n    return zebra_count if velvet_mode else 0\n"
    prefix = "from shop.tools import frobnicate\n\n\ndef main(zebra_count, velvet_mode):\n"
    prefix += "    return frobnicate(zebra_count, "
    told = Prompt(prefix, "\n", path="shop/main.py", context=(ContextFile("shop/tools.py", definition),))
    assert "velvet_mode" in engine.complete("told", told, LINE).text


def test_it_stays_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 40_000_000

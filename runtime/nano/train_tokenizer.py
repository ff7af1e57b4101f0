"""Trains the embedded model's tokenizer: byte-level BPE with Mellum2's pre-tokenizer and its 35 special tokens.

Knows the text it is given and nothing of models. The released tokenizer's facts: ids 0-34, single digits, GPT-2 regex.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<assistant>",
    "</assistant>",
    "<commit_before>",
    "<commit_after>",
    "<commit_msg>",
    "<empty_output>",
    "<filename>",
    "<fim_prefix>",
    "<fim_middle>",
    "<fim_suffix>",
    "<fim_pad>",
    "<gh_stars>",
    "<issue_start>",
    "<issue_comment>",
    "<issue_closed>",
    "<jupyter_text>",
    "<jupyter_code>",
    "<jupyter_start>",
    "<jupyter_output>",
    "<reponame>",
    "<system>",
    "</system>",
    "<think>",
    "</think>",
    "<user>",
    "</user>",
    "<|im_start|>",
    "<|im_end|>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<|extra_token_7|>",
    "<|extra_token_8|>",
)
# As released: these are added tokens that a decoder does not hide.
NOT_SPECIAL = frozenset({23, 24, 29, 30, 31, 32})


def sample_texts(corpus: Path, characters: int, seed: int = 0) -> Iterator[str]:
    """Yield whole files of a corpus, chosen at random, of about `characters` characters together."""
    share = min(1.0, characters / corpus.stat().st_size)
    rng = random.Random(seed)
    with corpus.open() as lines:
        for line in lines:
            if rng.random() < share:
                yield json.loads(line)["text"]


def train(texts: Iterator[str], vocab_size: int) -> Tokenizer:
    """Train on `texts`; the result has exactly `vocab_size` entries, the special tokens first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    description = json.loads(tokenizer.to_str())
    for token in description["added_tokens"]:
        token["special"] = token["id"] not in NOT_SPECIAL
    return Tokenizer.from_str(json.dumps(description, ensure_ascii=False))


def main(arguments: list[str] | None = None) -> None:
    """Command line: train and save tokenizer.json."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.nano.train_tokenizer", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/nano/corpus/train.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("build/nano/tokenizer.json"))
    parser.add_argument("--vocab-size", type=int, default=10_240)
    parser.add_argument("--characters", type=int, default=60_000_000)
    options = parser.parse_args(arguments)
    tokenizer = train(sample_texts(options.corpus, options.characters), options.vocab_size)
    tokenizer.save(str(options.out))
    print(f"{options.out}: {tokenizer.get_vocab_size()} entries")


if __name__ == "__main__":
    main()

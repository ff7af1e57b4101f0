"""How well the next token of held-out files is predicted, by the model and by its n-gram opponent.

Bits per byte make models with other vocabularies comparable: all bits over the UTF-8 bytes that they stand
for.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.nano.baseline import Baseline
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.profile import FimTokens
from mellum_ls.runtime.tokenizer import Tokenizer

WINDOW = 2048
STRIDE = 1024
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Document:
    """A file as its header and text; only ids from `start` on, `num_bytes` of text, are scored."""

    ids: Sequence[int]
    start: int
    num_bytes: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """Totals over documents."""

    files: int
    tokens: int
    num_bytes: int
    top1: float
    bits_per_byte: float


def documents(files: Iterable[SourceFile], tokenizer: Tokenizer, tokens: FimTokens, limit: int) -> Iterator[Document]:
    """Documents of whole files until they hold `limit` tokens."""
    left = limit
    for file in files:
        if left <= 0:
            return
        header = [] if tokens.filename is None else [tokens.filename, *tokenizer.encode(file.path + "\n")]
        text = tokenizer.encode(file.text)
        left -= len(text)
        yield Document([*header, *text], max(1, len(header)), len(file.text.encode()))


def score_model(engine: Engine, docs: Sequence[Document]) -> Prediction:
    """Top-1 accuracy and bits per byte of the model, in windows of WINDOW tokens that advance by STRIDE.

    Every token is predicted once, from at least WINDOW - STRIDE tokens before it where the file has them.
    """
    hits, nats, count = 0, 0.0, 0
    for document in docs:
        for right, logarithm in _model_scores(engine, document):
            hits, nats, count = hits + right, nats - logarithm, count + 1
    return _totals(docs, hits, nats, count)


def score_baseline(baseline: Baseline, docs: Sequence[Document]) -> Prediction:
    """The same two figures of the baseline."""
    hits, nats, count = 0, 0.0, 0
    for document in docs:
        for score in baseline.score(document.ids, document.start):
            hits, nats, count = hits + score.top, nats - score.log_probability, count + 1
    return _totals(docs, hits, nats, count)


def _model_scores(engine: Engine, document: Document) -> Iterator[tuple[bool, float]]:
    ids = torch.tensor(document.ids, dtype=torch.int64, device=engine.model.device)  # [S]
    scored = document.start
    for begin in range(0, max(1, len(ids) - STRIDE), STRIDE):
        window = ids[begin : begin + WINDOW]
        cache = engine.model.new_cache()
        for offset in range(0, len(window) - 1, CHUNK):
            inputs = window[offset : min(offset + CHUNK, len(window) - 1)]  # [T]
            hidden = engine.model.forward(inputs, cache)  # [T, H]
            first = begin + offset + 1  # position that the first row predicts
            skip = max(0, scored - first)
            if skip >= len(inputs):
                continue
            logits = engine.model.logits(hidden[skip:]).float()  # [T - skip, V]
            targets = ids[first + skip : first + len(inputs)]  # [T - skip]
            right = logits.argmax(-1) == targets
            logarithms = logits.log_softmax(-1).gather(1, targets[:, None])[:, 0]
            scored = first + len(inputs)
            yield from zip(right.tolist(), logarithms.tolist(), strict=True)


def _totals(docs: Sequence[Document], hits: int, nats: float, count: int) -> Prediction:
    num_bytes = sum(document.num_bytes for document in docs)
    assert count == sum(len(d.ids) - d.start for d in docs), f"{count} tokens scored, not all of them once"
    return Prediction(len(docs), count, num_bytes, hits / count, nats / math.log(2) / num_bytes)

"""A 5-gram language model over token ids: interpolated modified Kneser-Ney (Chen and Goodman 1998).

Counts live in sorted arrays, one table per order, so millions of tokens fit and nothing is hashed. Knows no
text.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ORDER = 5
Ids = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """All n-grams of one order n, sorted: `keys[i]` is (row of its first n-1 tokens) * width + last token.

    `weight[i]` is the discounted probability of n-gram i, `gamma[c]` what context c leaves to the lower
    order.
    """

    keys: Ids
    weight: Values
    gamma: Values


class KneserNey:
    """Probabilities of the next id after at most four, fitted from documents of ids below `vocab_size`."""

    def __init__(self, documents: Iterable[Sequence[int]], vocab_size: int) -> None:
        self.vocab_size = vocab_size
        self._pad = vocab_size  # stands before the first token of a document and is never predicted
        self._width = vocab_size + 1
        self.tables = self._fit(self._stream(documents))

    def distributions(self, ids: Sequence[int]) -> Iterator[tuple[Values, int]]:
        """For each position of a document: the distribution, [vocab_size], and the longest order matched.

        The array is the caller's to change. Order 1 means that nothing before the position was known.
        """
        stream = [self._pad] * (ORDER - 1) + list(ids)
        for position in range(len(ids)):
            yield self.distribution(stream[position : position + ORDER - 1])

    def distribution(self, history: Sequence[int]) -> tuple[Values, int]:
        """The distribution after exactly four ids; those before a document's start are `vocab_size`."""
        unigram = self.tables[0]
        probability = np.full(self._width, unigram.gamma[0] / self.vocab_size)
        probability[unigram.keys] += unigram.weight
        matched = 1
        for n in range(2, ORDER + 1):
            table = self.tables[n - 1]
            context = self._find(history[len(history) - n + 1 :])
            if context < 0:
                break
            low, high = np.searchsorted(table.keys, (context * self._width, (context + 1) * self._width))
            if low == high:
                break
            probability *= table.gamma[context]
            probability[table.keys[low:high] - context * self._width] += table.weight[low:high]
            matched = n
        return probability[: self.vocab_size], matched

    def _find(self, gram: Sequence[int]) -> int:
        """The row of an n-gram in the table of its order, or -1."""
        row = 0
        for n, token in enumerate(gram):
            keys = self.tables[n].keys
            key = row * self._width + token
            row = int(np.searchsorted(keys, key))
            if row == len(keys) or keys[row] != key:
                return -1
        return row

    def _stream(self, documents: Iterable[Sequence[int]]) -> Ids:
        padding = np.full(ORDER - 1, self._pad, dtype=np.int64)
        parts = [part for ids in documents for part in (padding, np.asarray(ids, dtype=np.int64))]
        return np.concatenate([*parts, padding])

    def _fit(self, stream: Ids) -> list[Table]:
        tables: list[Table] = []
        rows = np.zeros(len(stream), dtype=np.int64)  # number of the (n-1)-gram that ends just before each position
        keys, counts, shorter_ending, contexts = rows[:0], rows[:0], rows, 1
        for n in range(1, ORDER + 1):
            longer, first, ending, times = np.unique(
                rows * self._width + stream, return_index=True, return_inverse=True, return_counts=True
            )
            if n > 1:  # below the top a token counts once for each different token seen before it
                counts = np.bincount(shorter_ending[first], minlength=len(keys))
                tables.append(self._discount(keys, counts, contexts))
                contexts = len(keys)
            keys, counts, shorter_ending = longer, times, ending
            rows = np.concatenate([[0], ending[:-1]])
        return [*tables, self._discount(keys, counts, contexts)]

    def _discount(self, keys: Ids, times: Ids, contexts: int) -> Table:
        counts = np.where(keys % self._width == self._pad, 0.0, times.astype(np.float64))
        context = keys // self._width
        n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        steps = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        # Tiny samples can turn the estimates negative or larger than the count that they are taken from.
        steps = np.clip(steps, [0.0, 0.05, 0.05, 0.05], [0.0, 0.95, 1.95, 2.95])
        taken = np.minimum(steps[np.minimum(counts, 3).astype(np.int64)], counts)
        total = np.bincount(context, weights=counts, minlength=contexts)
        left = np.bincount(context, weights=taken, minlength=contexts)
        safe = np.where(total > 0, total, 1.0)
        gamma = np.where(total > 0, left / safe, 1.0)
        return Table(keys=keys, weight=(counts - taken) / safe[context], gamma=gamma)

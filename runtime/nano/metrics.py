"""Scores for one suggestion against the text that really stood there, and their means over many.

Pure functions on strings; knows no model, no file and no editor.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LEXEME = re.compile(r"\w+|[^\w\s]")
LONGEST_PERIOD = 8


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over `count` holes; every share lies in [0, 1]."""

    count: int
    exact_match: float
    edit_similarity: float
    empty: float
    hit_budget: float
    repetition: float


def levenshtein(left: str, right: str) -> int:
    """Fewest insertions, deletions and substitutions of characters (Wagner and Fischer 1974)."""
    if len(left) < len(right):
        left, right = right, left
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            substitution = diagonal + (a != b)
            diagonal = row[j]
            row[j] = min(substitution, diagonal + 1, row[j - 1] + 1)
    return row[-1]


def edit_similarity(left: str, right: str) -> float:
    """1 - Levenshtein distance / length of the longer text; 1.0 for two empty texts."""
    longest = max(len(left), len(right))
    return 1.0 - levenshtein(left, right) / longest if longest else 1.0


def exact_match(suggestion: str, truth: str) -> bool:
    """Equal once trailing white space of both is gone; leading white space counts."""
    return suggestion.rstrip() == truth.rstrip()


def has_repetition(text: str) -> bool:
    """Whether one non-blank line stands three times in a row, or up to eight lexemes four times in a row.

    A repeated group of lexemes counts only when it holds a word or a number, so rules like ``======`` do not.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(a == b == c for a, b, c in zip(lines, lines[1:], lines[2:], strict=False)):
        return True
    lexemes = LEXEME.findall(text)
    return any(_repeats(lexemes, period, 4) for period in range(1, LONGEST_PERIOD + 1))


def _repeats(lexemes: Sequence[str], period: int, times: int) -> bool:
    run = 0
    for i in range(period, len(lexemes)):
        run = run + 1 if lexemes[i] == lexemes[i - period] else 0
        group = lexemes[i - period + 1 : i + 1]
        if run >= period * (times - 1) and any(lexeme[0].isalnum() for lexeme in group):
            return True
    return False


def summarise(suggestions: Sequence[str], truths: Sequence[str], hit_budget: Sequence[bool]) -> Scores:
    """Mean scores of suggestions beside their truths; raises ValueError when the three differ in length."""
    pairs = list(zip(suggestions, truths, hit_budget, strict=True))
    count = len(pairs)
    share = 1.0 / count if count else 0.0
    return Scores(
        count=count,
        exact_match=share * sum(exact_match(s, t) for s, t, _ in pairs),
        edit_similarity=share * sum(edit_similarity(s.rstrip(), t.rstrip()) for s, t, _ in pairs),
        empty=share * sum(not s.strip() for s, _, _ in pairs),
        hit_budget=share * sum(hit for _, _, hit in pairs),
        repetition=share * sum(has_repetition(s) for s, _, _ in pairs),
    )

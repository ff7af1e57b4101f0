"""Decides which source files are worth learning from: written by people, of ordinary shape, free of secrets.

Pure functions on text; knows nothing of packages or of where files come from.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterable

MIN_CHARS = 200
MAX_CHARS = 80_000
_SKIPPED_FOLDERS = re.compile(
    r"(^|/)(_?vendor(ed)?|_vendored|extern|third_party|thirdparty|fixtures?|testdata|test_data|__generated__|generated"
    r"|node_modules|locales?|site-packages|dist-info|samples?_data|golden)(/|$)",
    re.IGNORECASE,
)
_SKIPPED_NAMES = re.compile(r"(_pb2(_grpc)?|_generated|_version|parsetab|lextab|unicodedata|_builtins)\.py$")
_GENERATED = re.compile(
    r"do not (edit|modify)|@generated|auto-?generated|generated (by|from|with|code)|this file (is|was) generated",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[baprs]-[0-9A-Za-z-]{20,}"
    r"|\bsk-[A-Za-z0-9]{32,}\b|\bAIza[0-9A-Za-z_-]{35}\b|\beyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\."
)
# Benchmarks that the model is measured on must not be learnt by heart.
_BENCHMARKS = re.compile(r"human_?eval|has_close_elements|mbpp|canonical_solution", re.IGNORECASE)
_LONG_LITERAL = re.compile(r"[A-Za-z0-9+/=]{120,}|(\\x[0-9a-f]{2}){24,}")
_SKETCH_MODULUS = 8


def reason_to_skip(path: str, text: str) -> str | None:
    """Say why a file is left out ("generated", "shape", ...), or None where it stays. `text` has \\n line ends."""
    if _SKIPPED_FOLDERS.search(path) or _SKIPPED_NAMES.search(path):
        return "path"
    if not MIN_CHARS <= len(text) <= MAX_CHARS:
        return "size"
    if _GENERATED.search(text[:500]):
        return "generated"
    if _SECRETS.search(text):
        return "secret"
    if _BENCHMARKS.search(text):
        return "benchmark"
    if (shape := _odd_shape(text)) is not None:
        return shape
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "syntax"
    return None


def _odd_shape(text: str) -> str | None:
    lines = text.splitlines()
    code = [line for line in lines if line.strip()]
    if not code or max(map(len, lines)) > 400 or len(text) / len(code) > 90:
        return "line length"
    if _LONG_LITERAL.search(text):
        return "embedded data"
    letters = sum(map(str.isalpha, text))
    digits = sum(map(str.isdigit, text))
    visible = sum(not char.isspace() for char in text)
    if letters < 0.5 * visible or digits > 0.15 * visible or (not text.isascii() and _share_ascii(text) < 0.97):
        return "characters"
    # Tables and enumerations written out: most lines open with the same word.
    openings = Counter(line.split(None, 1)[0][:12] for line in code)
    if len(code) > 60 and openings.most_common(1)[0][1] > 0.5 * len(code):
        return "table"
    return None


def _share_ascii(text: str) -> float:
    return sum(char.isascii() for char in text) / len(text)


def sketch(text: str) -> frozenset[int]:
    """Sampled hashes of the file's telling lines: the Jaccard index of two sketches estimates that of the files.

    Sampling by hash value keeps the same lines in every file (Broder 1997, "modulo" sketches).
    """
    hashes = set()
    for line in text.splitlines():
        stripped = line.strip()
        if len(stripped) > 12:
            value = int.from_bytes(hashlib.blake2b(stripped.encode(), digest_size=8).digest(), "big")
            if value % _SKETCH_MODULUS == 0:
                hashes.add(value)
    return frozenset(hashes)


class NearDuplicates:
    """Remembers files by sketch and finds those whose telling lines mostly stand in one earlier file."""

    def __init__(self, threshold: float = 0.6) -> None:
        self._threshold = threshold
        self._files_by_hash: dict[int, list[int]] = {}
        self._exact: set[bytes] = set()
        self._count = 0

    def seen(self, text: str) -> bool:
        """Whether the file repeats an earlier one, exactly (up to blanks) or nearly; remembers it if not."""
        digest = hashlib.blake2b("".join(text.split()).encode(), digest_size=16).digest()
        if digest in self._exact:
            return True
        hashes = sketch(text)
        shared = Counter(self._earlier(hashes))
        if len(hashes) >= 3 and shared and shared.most_common(1)[0][1] >= self._threshold * len(hashes):
            return True
        self._exact.add(digest)
        for value in hashes:
            holders = self._files_by_hash.setdefault(value, [])
            if len(holders) < 40:  # a line that common (a licence, an import) tells files apart no longer
                holders.append(self._count)
        self._count += 1
        return False

    def _earlier(self, hashes: Iterable[int]) -> Iterable[int]:
        for value in hashes:
            yield from self._files_by_hash.get(value, ())

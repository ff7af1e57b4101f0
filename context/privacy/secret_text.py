"""Takes secrets out of a text: keys, tokens of known services, passwords in addresses and assignments.

Knows texts alone. A pattern is tried only where a word that it begins with stands, so that clean code costs a search
for a few words. What is found is high in confidence: a hash, a UUID or `password = read_password()` stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_letters, digits

from mellum_ls.context.privacy.key_bodies import key_bodies
from mellum_ls.context.privacy.secret_rules import ASSIGNMENT_WORDS, RULES, TOKEN_CHARS, TOKENS, assigned

PLACEHOLDER = "<redacted>"
_IN_TOKEN = bytes(ord("a" if chr(n) in ascii_letters + digits + "_-" else " ") for n in range(256))
_RUN = b"a" * TOKEN_CHARS


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without the secrets that were found in it, with as many lines as before."""

    text: str
    count: int
    """How many placeholders were put in; a key of several lines has one in each."""


def redact(text: str) -> Redacted:
    """`text` with each secret replaced. What was replaced already is left alone."""
    spans = secrets(text)
    if not spans:
        return Redacted(text, 0)
    data = text.encode("utf-8", "surrogatepass")
    parts: list[bytes] = []
    at = 0
    for start, end in spans:
        # Each line of a secret gets its own placeholder, so that the lines below keep their numbers.
        lines = data[start:end].split(b"\n")
        parts += [data[at:start], b"\n".join(PLACEHOLDER.encode() if line.strip() else line for line in lines)]
        at = end
    parts.append(data[at:])
    return Redacted(b"".join(parts).decode("utf-8", "surrogatepass"), len(spans))


def secrets(text: str) -> list[tuple[int, int]]:
    """Where secrets stand, as offsets into the text's UTF-8, in order, none touching another."""
    data = text.encode("utf-8", "surrogatepass")
    lowered = data.lower()
    spans = [*key_bodies(data), *_tokens(data)]
    for rule in RULES:
        within = data if rule.exact_case else lowered
        for word in rule.words:
            at = within.find(word)
            while at >= 0:
                found = rule.regex.match(data, at)
                if found and rule.accepts(found.group(1)):
                    spans.append(found.span(1))
                at = within.find(word, max(at + len(word), found.end(1) if found else 0))
    for word in ASSIGNMENT_WORDS:
        at = lowered.find(word)
        while at >= 0:
            spans += assigned(data, at)
            at = lowered.find(word, at + len(word))
    return _joined(spans)


def _tokens(data: bytes) -> Iterator[tuple[int, int]]:
    """Tokens of services that are one long run of letters. To search for each beginning takes five times as long."""
    runs = data.translate(_IN_TOKEN)
    start = runs.find(_RUN)
    while start >= 0:
        end = runs.find(b" ", start)
        first = start + (data[start - 1 : start] == b"\\")  # the letter belongs to an escape: "\nghp_…"
        rule = TOKENS.get(data[first : first + 4]) or TOKENS.get(data[first : first + 3])
        if rule and (found := rule.regex.match(data, first)) and rule.accepts(found.group(1)):
            yield found.span(1)
        start = runs.find(_RUN, end) if end >= 0 else -1


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined

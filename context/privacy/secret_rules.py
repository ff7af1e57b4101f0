"""What single-line secrets look like: the tokens of services, passwords in addresses, values assigned to telling names.

Knows bytes around a word; who looks for the words is secret_text.py.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret: `regex` is tried where one of `words` stands, and its first group is the secret."""

    words: tuple[bytes, ...]
    regex: re.Pattern[bytes]
    accepts: Callable[[bytes], bool]
    exact_case: bool = True
    """Otherwise the words are in lower case, and found in any."""


def entropy(value: bytes) -> float:
    """Bits a byte, by how often each occurs in `value`."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values()) if value else 0.0


_IDENTIFIER = re.compile(rb"(?:[a-z]+\d{0,4}|[A-Z]+\d{0,4}|\d{1,4})(?:[_./-](?:[a-z]+\d{0,4}|[A-Z]+\d{0,4}|\d{1,4}))+")
_WORD = re.compile(rb"[a-z]{4,}|[A-Z][a-z]{3,}|[A-Z]{4,}")


def looks_random(value: bytes) -> bool:
    """Whether `value` was drawn and not written: letters and digits mixed, and not made of words."""
    if len(value) < 16 or not re.search(rb"[A-Za-z]", value) or len(re.findall(rb"[0-9+/]", value)) < 2:
        return False
    if _IDENTIFIER.fullmatch(value):
        return False
    return entropy(value) >= 3.2 and sum(map(len, _WORD.findall(value))) <= 0.5 * len(value)


def _always(_: bytes) -> bool:
    return True


def _is_mixed(value: bytes) -> bool:
    return looks_random(value) and bool(re.search(rb"[A-Z]", value)) and bool(re.search(rb"[a-z]", value))


_PLACEHOLDERS = re.compile(
    rb"(?i)^(?:<.*|\$.*|%.*|\{.*|\*+|x+|\.+|-+|_+|pass(?:word|wd)?|pwd|secret|token|user(?:name)?|your.*|my.*|change.?me.*"
    rb"|example.*|dummy.*|none|null|true|false|undefined|redacted|foo|bar|baz|test)$"
)


def _is_password(value: bytes) -> bool:
    return not _PLACEHOLDERS.match(value)


_TOKENS = (
    ("AKIA ASIA ABIA ACCA", r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Za-z0-9])", _always),  # AWS
    ("AIza", r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])", _always),  # Google
    ("GOCS", r"GOCSPX-[0-9A-Za-z_-]{20,}", _always),
    ("ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{30,}", _always),
    ("gith", r"github_pat_[A-Za-z0-9_]{40,}", _always),
    ("glpa gldt glrt glpt glcb glso", r"gl(?:pat|dt|rt|ptt|cbt|soat)-[0-9A-Za-z_.-]{20,}", _always),  # GitLab
    ("xoxb xoxp xoxa xoxr xoxs xoxe xapp", r"x(?:ox[bparse]|app)-[0-9A-Za-z.-]{15,}", _always),  # Slack
    ("sk_l sk_t rk_l rk_t whse", r"(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{14,}", _always),  # Stripe
    ("sk-", r"sk-[A-Za-z0-9_-]{20,}", _is_mixed),  # OpenAI, Anthropic and their like
    ("npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])", lambda value: _is_mixed(value[4:])),
    ("pypi", r"pypi-AgE[A-Za-z0-9_-]{40,}", _always),
    ("hf_", r"hf_[A-Za-z0-9]{30,}", lambda value: len(set(value)) > 14),  # Hugging Face
    ("dop_ doo_ dor_", r"do[opr]_v1_[a-f0-9]{64}", _always),  # DigitalOcean
    ("shpa shpc shpp shps", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", _always),  # Shopify
    ("dapi", r"dapi[a-f0-9]{32}(?:-\d)?(?![a-zA-Z0-9])", _always),  # Databricks
    ("AGE-", r"AGE-SECRET-KEY-1[0-9A-Z]{40,}", _always),
)
TOKEN_CHARS = 19
"""A token of these begins a run of at least so many letters, digits, `_` and `-`."""
TOKENS = {
    word.encode(): Rule((word.encode(),), re.compile(b"(%b)" % regex.encode()), accepts)
    for words, regex, accepts in _TOKENS
    for word in words.split()
}
"""By what they begin with, three or four bytes."""

RULES: tuple[Rule, ...] = (
    Rule(
        (b"eyJ",), re.compile(rb"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})"), _always
    ),  # JWT
    Rule((b"ya29.",), re.compile(rb"(ya29\.[\w-]{20,})"), _always),  # Google OAuth
    Rule((b"SG.",), re.compile(rb"(SG\.[\w-]{20,24}\.[\w-]{40,46})"), _always),  # SendGrid
    Rule((b"hvs.", b"hvb."), re.compile(rb"(hv[sb]\.[\w-]{24,})"), _always),  # Vault
    Rule((b":AA",), re.compile(rb"(?<=\d{8}):(AA[\w-]{33})(?![\w-])"), _always),  # Telegram
    Rule(
        (b"hooks.slack.com/", b"/api/webhooks/"),
        re.compile(rb"(?:hooks\.slack\.com/(?:services|workflows)|/api/webhooks)/([\w/-]{30,})"),
        _always,
    ),
    Rule(
        (b"://",),
        re.compile(rb"://[^\s:/@'\"`<>{}|\\^]{0,80}:([^\s/@'\"`<>{}|\\^]{3,200})@[A-Za-z0-9.\[$_-]"),
        _is_password,
    ),
    Rule(
        (b"bearer ", b"basic "),
        re.compile(rb"(?i)(?<![a-z])(?:bearer|basic) +([A-Za-z0-9._~+/-]{16,}={0,2})"),
        looks_random,
        exact_case=False,
    ),
    Rule(
        (b"accountkey=", b"sharedaccesskey="),
        re.compile(rb"(?i)(?:account|sharedaccess)key=([A-Za-z0-9+/]{40,}={0,2})"),
        _always,
        False,
    ),
)

ASSIGNMENT_WORDS = (
    *(b"passw", b"pwd", b"passphrase", b"secret", b"token", b"credential"),
    *(b"_key", b"api-key", b"apikey", b"accesskey", b"authkey"),
)
_PASSWORD_NAME = re.compile(rb"(?i)passw|pwd|passphrase")
_NO_TOKEN = re.compile(rb"(?i)tokeni[sz]")
# `"password": "x"`, `token: str = 'x'`, `API_KEY => "x"`, `settings["secret"] = "x"`.
_QUOTED = re.compile(
    rb"""[\w.-]{0,48}+["']?\]?\s{0,8}(?::\s{0,4}[\w.\[\]| ]{1,32}=|=>|:=|=(?!=)|:)\s{0,8}"""
    rb"""[rbuf@]{0,2}(["'`])([^\s"'`\\]{6,500})\1"""
)
_BARE = re.compile(rb"[\w.-]{0,48}+[ \t]{0,8}[=:][ \t]{0,8}([A-Za-z0-9+/=_!@#%^&*~.-]{8,500}+)[ \t]*+\r?(?:\n|$)")
_LINE_START = re.compile(rb"[ \t]*(?:(?:export|set|ENV|ARG|-)[ \t]+)?[\w.-]*")
_PATH_OR_CODE = re.compile(rb"[/.~][\w./-]*|[\w.]+\(.*|https?:.*|[A-Za-z_][A-Za-z_]*(?:[./:_-][A-Za-z_]+)*")


def assigned(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The value that is assigned to the name with a telling word at `at`, when it is a secret."""
    if _NO_TOKEN.match(data, at):
        return
    found = _QUOTED.match(data, at)
    if found:
        value = found.group(2)
        if not _PATH_OR_CODE.fullmatch(value) and _is_password(value):
            by_hand = _PASSWORD_NAME.match(data, at) and re.search(rb"[0-9!@#%^&*?+]", value) and b"{" not in value
            if by_hand or looks_random(value):
                yield found.span(2)
        return
    # Without quotes only where the whole line is an assignment, as in a file of settings.
    if not _LINE_START.fullmatch(data, data.rfind(b"\n", max(0, at - 200), at) + 1, at):
        return
    found = _BARE.match(data, at)
    if found and looks_random(found.group(1)) and not _PATH_OR_CODE.fullmatch(found.group(1)):
        yield found.span(1)

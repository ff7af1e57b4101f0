"""The patterns of one ignore file, matched as git matches them. Knows text and paths, not where the file lies.

A file becomes four regular expressions, so that a path is judged in a microsecond however many lines there are. The
libraries that do this differ from git where it matters here: one bad line loses the whole file, and a pattern that
takes a folder back takes what lies in it along. The test compares with git itself.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_SPECIAL = b"*?[\\"
_STAR, _DEEP = b"[^/]*", b"(?:.*/)?"
_CLASSES = {
    b"alnum": string.ascii_letters + string.digits,
    b"alpha": string.ascii_letters,
    b"blank": " \t",
    b"cntrl": "".join(map(chr, [*range(32), 127])),
    b"digit": string.digits,
    b"graph": string.ascii_letters + string.digits + string.punctuation,
    b"lower": string.ascii_lowercase,
    b"print": string.ascii_letters + string.digits + string.punctuation + " ",
    b"punct": string.punctuation,
    b"space": " \t\n\r\v\f",
    b"upper": string.ascii_uppercase,
    b"xdigit": string.hexdigits,
}


class _NeverMatchesError(Exception):
    """A pattern that git takes for broken."""


@dataclass(frozen=True, slots=True)
class _Rule:
    regex: bytes
    excludes: bool
    folders_only: bool
    by_name: bool
    """Judged by the last part of the path alone, since the pattern has no slash."""


class Patterns:
    """The lines of an ignore file."""

    def __init__(self, text: bytes, *, negation: bool = True, ignore_case: bool = False) -> None:
        rules = (_rule(line) for line in _lines(text))
        self._rules = [rule for rule in rules if rule is not None and (negation or rule.excludes)]
        self._flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)

    def __len__(self) -> int:
        return len(self._rules)

    def excludes(self, path: bytes, is_folder: bool) -> bool | None:
        """Whether the last line that speaks of `path` excludes it; None when no line does.

        `path` is relative to the ignore file's folder, without a slash at its end. Whether a folder above it is
        excluded is not asked.
        """
        by_name, by_path = self._for_folders if is_folder else self._for_files
        found = max(by_name.last(path[path.rfind(b"/") + 1 :]), by_path.last(path))
        return self._rules[found].excludes if found >= 0 else None

    @cached_property
    def _for_folders(self) -> tuple[_Alternatives, _Alternatives]:
        return self._compile(True)

    @cached_property
    def _for_files(self) -> tuple[_Alternatives, _Alternatives]:
        return self._compile(False)

    def _compile(self, folders: bool) -> tuple[_Alternatives, _Alternatives]:
        rules = [(n, rule) for n, rule in enumerate(self._rules) if folders or not rule.folders_only]
        return (
            _Alternatives(((n, rule.regex) for n, rule in rules if rule.by_name), self._flags),
            _Alternatives(((n, rule.regex) for n, rule in rules if not rule.by_name), self._flags),
        )


class _Alternatives:
    """Numbered expressions in one: the last one that matches is the first alternative."""

    def __init__(self, rules: Iterable[tuple[int, bytes]], flags: int) -> None:
        rules = list(rules)[::-1]
        self._numbers = [number for number, _ in rules]
        self._regex = re.compile(b"|".join(b"(%b)" % regex for _, regex in rules), flags) if rules else None

    def last(self, text: bytes) -> int:
        found = self._regex.fullmatch(text) if self._regex else None
        return self._numbers[found.lastindex - 1] if found and found.lastindex else -1


def _lines(text: bytes) -> Iterable[bytes]:
    for line in text.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if not line.startswith(b"#") and (line := _trimmed(line.removesuffix(b"\r").partition(b"\0")[0])):
            yield line


def _trimmed(line: bytes) -> bytes:
    """Without spaces at the end, except where a backslash stands before them."""
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return line[: len(bare) + 1] if backslashes % 2 else bare


def _rule(line: bytes) -> _Rule | None:
    excludes = not line.startswith(b"!")
    pattern = line if excludes else line[1:]
    folders_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    by_name = b"/" not in pattern
    pattern = pattern.removeprefix(b"/")
    if not pattern:
        return None
    # What stands before the first sign is compared as it is, and what follows counts as a pattern of its own: `a**/b`.
    plain = next((at for at, sign in enumerate(pattern) if sign in _SPECIAL), len(pattern))
    try:
        regex = re.escape(pattern[:plain]) + _translate(pattern[plain:])
    except _NeverMatchesError:
        return None
    return _Rule(regex, excludes, folders_only, by_name)


def _translate(pattern: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at : at + 1]
        if sign == b"*":
            end = at
            while pattern[end : end + 1] == b"*":
                end += 1
            regex, at = _stars(pattern, at, end)
        elif sign == b"?":
            regex, at = b"[^/]", at + 1
        elif sign == b"[":
            regex, at = _bracket(pattern, at + 1)
        else:
            at += sign == b"\\"
            if at == len(pattern):
                raise _NeverMatchesError
            regex, at = re.escape(pattern[at : at + 1]), at + 1
        parts.append(regex)
    return _decided(parts)


def _decided(parts: list[bytes]) -> bytes:
    """The parts in one, each star bound to the nearest place where what follows it fits, up to the next star.

    A later place can give the rest no more than the nearest does, and trying all of them takes years for `*a*a*a*a*b`.
    """
    regex = b""
    while parts:
        head, rest = parts[0], parts[1:]
        end = next((n for n, part in enumerate(rest) if part in (_DEEP, head)), len(rest))
        between = rest[:end]
        if head == _STAR and end < len(rest) and rest[end] == _STAR and b"/" not in between:
            regex += b"(?>[^/]*?%b)" % b"".join(between)
        elif head == _DEEP and end < len(rest):
            regex += b"(?>(?:.*?/)??%b)" % _decided(between)
        else:
            regex += head
            end = 0
        parts = rest[end:]
    return regex


def _stars(pattern: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Two stars cross slashes, but only as a whole part of the path."""
    after = pattern[end : end + 2]
    if end - at < 2 or not (at == 0 or pattern[at - 1 : at] == b"/"):
        return _STAR, end
    if after[:1] == b"/":
        return _DEEP, end + 1
    return (b".*" if after in (b"", b"\\/") else _STAR), end


def _bracket(pattern: bytes, at: int) -> tuple[bytes, int]:
    """A set of bytes, `at` behind its opening bracket; and where it ends."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    before = 0
    first = True
    while first or pattern[at : at + 1] != b"]":
        first = False
        here = _byte(pattern, at)
        if here == ord("\\"):
            at += 1
            members.add(before := _byte(pattern, at))
        elif here == ord("-") and before and pattern[at + 1 : at + 2] not in (b"", b"]"):
            at += 1
            if (top := _byte(pattern, at)) == ord("\\"):
                at += 1
                top = _byte(pattern, at)
            members.update(range(before, top + 1))
            before = 0
        elif here == ord("[") and pattern[at + 1 : at + 2] == b":":
            end = pattern.find(b"]", at + 2)
            if end < 0:
                raise _NeverMatchesError
            if end - at >= 3 and pattern[end - 1 : end] == b":":
                if (named := _CLASSES.get(pattern[at + 2 : end - 1])) is None:
                    raise _NeverMatchesError
                members.update(named.encode())
                at, before = end, 0
            else:
                members.add(before := here)
        else:
            members.add(before := here)
        at += 1
    allowed = (set(range(256)) - members if negated else members) - {ord("/")}
    return b"[%b]" % b"".join(b"\\x%02x" % n for n in sorted(allowed)) if allowed else b"(?!)", at + 1


def _byte(pattern: bytes, at: int) -> int:
    if at >= len(pattern):
        raise _NeverMatchesError
    return pattern[at]

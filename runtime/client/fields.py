"""Typed reading of a message's map. Errors name the message and the field and never quote a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from mellum_ls.runtime.errors import MessageError

T = TypeVar("T")


class Fields:
    """Typed reading of one map; `where` is the path for messages. Keys that are not asked for are ignored."""

    def __init__(self, where: str, wire: Mapping[str, object]) -> None:
        self._where = where
        self._wire = wire

    def text(self, key: str, default: str | None = None) -> str:
        """The text of that name."""
        return self._typed(key, str, "text", default)

    def whole(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """The whole number of that name, `least` or more."""
        value = self._typed(key, int, "a whole number", default)
        if value < least:
            raise MessageError(f"{self._where}: field {key!r} should be {least} or more")
        return value

    def number(self, key: str) -> float:
        """The number of that name."""
        value = self._wire.get(key)
        return float(value) if type(value) is int else self._typed(key, float, "a number", None)

    def truth(self, key: str, default: bool) -> bool:
        """The truth of that name."""
        return self._typed(key, bool, "true or false", default)

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """The text of that name, one of `choices`."""
        value = self.text(key, default)
        if value not in choices:
            raise MessageError(f"{self._where}: field {key!r} should be one of {', '.join(choices)}")
        return value

    def table(self, key: str) -> Fields:
        """The map of that name, to be read like this one."""
        return Fields(f"{self._where}.{key}", self.mapping(key))

    def mapping(self, key: str) -> Mapping[str, object]:
        """The map of that name as it is."""
        return cast("Mapping[str, object]", self._typed(key, dict, "a map", None))

    def counts(self, key: str) -> Mapping[str, int]:
        """The map of that name, whose values are whole numbers."""
        table = self.table(key)
        return {name: table.whole(name) for name in self.mapping(key)}

    def pairs(self, key: str, wanted: str = "[path, text]") -> tuple[tuple[str, str], ...]:
        """The list of that name, of pairs of texts; empty where there is none. `wanted` says what a pair is."""
        entries = self._typed(key, list, "a list", [])
        for index, pair in enumerate(entries):
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)):
                raise MessageError(f"{self._where}: field '{key}[{index}]' should be {wanted}")
        return tuple((path, text) for path, text in entries)

    def optional_whole(self, key: str) -> int | None:
        """The whole number of that name; None where there is none."""
        return None if self._wire.get(key) is None else self.whole(key)

    def _typed(self, key: str, kind: type[T], wanted: str, default: T | None) -> T:
        if key not in self._wire and default is not None:
            return default
        value = self._wire.get(key)
        # type(), not isinstance(): True is an int to isinstance.
        if type(value) is not kind:
            found = type(value).__name__ if key in self._wire else "nothing"
            raise MessageError(f"{self._where}: field {key!r} should be {wanted}, found {found}")
        return value

"""Single fields of a client's JSON, read strictly. Errors name the field and never quote a value, which may be code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Json = Mapping[str, object]
T = TypeVar("T")


class ParamsError(Exception):
    """Params that do not fit their method; the message names the field."""


def mapping(raw: Json, name: str) -> Json:
    """The object of that name."""
    return typed(raw, name, dict)


def optional_mapping(raw: Json, name: str) -> Json:
    """The object of that name; an empty one where it is missing or null."""
    return optional(raw, name, dict) or {}


def lenient_mapping(raw: Json, name: str) -> Json:
    """The object of that name; an empty one where there is anything else."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def mappings(raw: Json, name: str) -> list[Json]:
    """The objects of a list that may be missing."""
    items = optional(raw, name, list) or []
    for item in items:
        if not isinstance(item, dict):
            raise ParamsError(f"{name} should hold objects")
    return items


def sequence(raw: Json, name: str) -> list[object]:
    """The list of that name."""
    return typed(raw, name, list)


def text(raw: Json, name: str) -> str:
    """The text of that name."""
    return typed(raw, name, str)


def optional(raw: Json, name: str, kind: type[T]) -> T | None:
    """The value of that name if it is there and not null."""
    return None if raw.get(name) is None else typed(raw, name, kind)


def typed(raw: Json, name: str, kind: type[T]) -> T:
    """The value of that name, of exactly that type. Raises ParamsError, as all of these do."""
    value = raw.get(name)
    # type(), not isinstance(): True is an int to isinstance.
    if type(value) is not kind:
        found = type(value).__name__ if name in raw else "nothing"
        raise ParamsError(f"{name} should be of type {kind.__name__}, found {found}")
    return value

"""What a user can set: every name, default and meaning, and the one way from a client's raw JSON to them.

Refuses nothing: a wrong value or an unknown key costs one line in the log, never the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

SECTION = "mellum"
# initializationOptions that Copilot's clients send and that say nothing to this server.
_FOREIGN = frozenset({"editorInfo", "editorPluginInfo", "editorConfiguration", "networkProxy"})


@dataclass(frozen=True, slots=True)
class Settings:
    """One set of settings in force. JSON names are the camelCase of the fields."""

    enable: bool = True
    """Whether completions are given at all; when off, the model is neither asked nor loaded."""
    model: str = ""
    """Model directory; empty means MELLUM_MODEL or the embedded model."""
    max_tokens: int = 64
    """Most tokens that one suggestion may cost."""
    max_lines: int = 16
    """Most lines that one suggestion may have."""
    prefix_lines: int = 256
    """Least number of lines before the cursor that the model sees, where the document has them."""
    prefix_chars: int = 12_000
    """Most characters before the cursor that the model sees."""
    suffix_chars: int = 3_000
    """Most characters after the cursor that the model sees."""
    streaming: bool = False
    """Whether a request that carries a partialResultToken gets its growing text as $/progress."""


# The least value of each number.
LEAST = {"max_tokens": 1, "max_lines": 1, "prefix_lines": 1, "prefix_chars": 64, "suffix_chars": 0}


def json_name(field_name: str) -> str:
    """The JSON name of a field: camelCase."""
    head, *rest = field_name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def section_of(raw: object) -> dict[str, object]:
    """The part of a client's options that is meant for this server: the `mellum` object where there is one."""
    if not isinstance(raw, Mapping):
        return {}
    inner = raw.get(SECTION)
    return dict(inner) if isinstance(inner, Mapping) else dict(raw)


def parse(raw: object) -> tuple[Settings, tuple[str, ...]]:
    """Settings from `raw`, and a sentence for each thing in it that was not taken.

    A value of the wrong type or below its least value leaves the default; null always means the default.
    """
    values = section_of(raw)
    problems: list[str] = []
    if raw is not None and not isinstance(raw, Mapping):
        problems.append(f"settings must be an object, not {type(raw).__name__}")
    taken: dict[str, bool | int | str] = {}
    for known in fields(Settings):
        name = json_name(known.name)
        value = values.pop(name, None)
        if value is None:
            continue
        default = known.default
        if type(value) is not type(default) or not isinstance(value, bool | int | str):
            problems.append(f"setting {name} must be of type {type(default).__name__}, not {type(value).__name__}")
        elif isinstance(value, int) and value < LEAST.get(known.name, 0):
            problems.append(f"setting {name} must be at least {LEAST[known.name]}")
        else:
            taken[known.name] = value
    problems += [f"unknown setting {name}" for name in values if name not in _FOREIGN]
    return Settings(**taken), tuple(problems)  # type: ignore[arg-type]

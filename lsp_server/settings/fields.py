"""What a user can set: every name, default and meaning, and the one way from a client's raw JSON to them.

Refuses nothing: a wrong value or an unknown key costs one line in the log, never the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

SECTION = "mellum"
# initializationOptions that Copilot's clients send and that say nothing to this server.
_FOREIGN = frozenset({"editorInfo", "editorPluginInfo", "editorConfiguration", "networkProxy", "nextEditSuggestions"})


@dataclass(frozen=True, slots=True)
class Settings:
    """One set of settings in force. JSON names are the camelCase of the fields."""

    enable: bool = True
    """Whether completions are given at all; when off, the model is neither asked nor loaded."""
    model: str = ""
    """Model directory, one for the whole window; empty means MELLUM_MODEL or the embedded model."""
    max_tokens: int = 64
    """Most tokens that one suggestion may cost."""
    max_lines: int = 16
    """Most lines that one suggestion may have; with 1 the model is asked for no more than a line."""
    prefix_lines: int = 256
    """Least number of lines before the cursor that the model sees, where the document has them."""
    prefix_chars: int = 12_000
    """Most characters before the cursor that the model sees."""
    suffix_chars: int = 3_000
    """Most characters after the cursor that the model sees."""
    streaming: bool = True
    """Whether a request that carries a partialResultToken gets its growing text as $/progress."""
    pinned_files: tuple[str, ...] = ()
    """Files that the model always sees, as paths relative to a workspace folder, the most stable first."""
    pinned_chars: int = 24_000
    """Most characters of pinned files that the model sees."""
    context: bool = True
    """Whether the model sees code of other files of the workspace that the code at the cursor is about."""
    context_chars: int = 200_000
    """Most characters of such code; how much a machine can read in `promptSeconds` is a narrower limit on most."""
    prompt_seconds: int = 5
    """Seconds that reading a whole prompt may take: how much code the model sees is set by the speed it was seen at."""
    exclude: tuple[str, ...] = ()
    """Files that no model may see, in any role, as patterns of a .gitignore relative to the workspace folder."""
    complete_ignored_files: bool = False
    """Whether completions are given in files that git ignores; files of .aiexclude and its kin never get any."""
    warm_up: bool = True
    """Whether the model reads ahead at a cursor that rests, so that the next suggestion comes sooner."""
    write_ahead: bool = True
    """Whether the model writes, while a suggestion is looked at, what it would suggest behind it."""
    debounce_ms: int = 150
    """Longest wait for the next key before the model is asked, in milliseconds; only fast typing is waited for."""
    early_answer_ms: int = 300
    """After so many milliseconds the whole lines that the model has written so far are shown; 0 waits for all."""
    alternatives: int = 3
    """Most suggestions to choose from where the user asks for one by a key."""
    multiline: str = "auto"
    """Whether suggestions may have several lines: `auto`, where the code asks for a block, or `never`."""
    next_edits: bool = True
    """Whether the edit that follows from the last changes is proposed to clients that ask for it."""
    next_edit_model: bool = True
    """Whether the model is asked for the next edit where none follows from the code alone."""
    next_edit_pause_ms: int = 5_000
    """So long no next edit is proposed after one was turned down, in milliseconds."""
    disabled_languages: tuple[str, ...] = ()
    """Languages without completions, by their LSP identifiers, such as `markdown`."""
    max_file_chars: int = 2_000_000
    """Most characters of a document in which completions are given."""
    status: bool = False
    """Whether the client is told of each change of state by didChangeStatus; Copilot's clients are told in any case."""
    metrics_file: str = ""
    """Absolute path of a file that gets a JSON line for each suggestion shown, accepted or rejected; never any text."""


# The least value of each number.
LEAST = {
    "max_tokens": 1,
    "max_lines": 1,
    "prefix_lines": 1,
    "prefix_chars": 64,
    "suffix_chars": 0,
    "pinned_chars": 0,
    "context_chars": 0,
    "prompt_seconds": 1,
    "alternatives": 1,
    "debounce_ms": 0,
    "early_answer_ms": 0,
    "next_edit_pause_ms": 0,
    "max_file_chars": 1,
}
# The values that a text may have, where not any will do.
CHOICES = {"multiline": ("auto", "never")}
# Settings that name files. A workspace that the user does not trust has no say in them.
NAME_FILES = frozenset({"exclude", "metrics_file", "model", "pinned_files"})

Value = bool | int | str | tuple[str, ...]
# A JSON list is a tuple here.
_SAID = {bool: "bool", int: "int", str: "str", tuple: "list of str"}


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
    taken: dict[str, Value] = {}
    for known in fields(Settings):
        name = json_name(known.name)
        given = values.pop(name, None)
        if given is None:
            continue
        value = _value(given, type(known.default))
        if value is None:
            problems.append(f"setting {name} must be of type {_SAID[type(known.default)]}, not {_type_of(given)}")
        elif isinstance(value, str) and value not in CHOICES.get(known.name, (value,)):
            problems.append(f"setting {name} must be one of {', '.join(CHOICES[known.name])}")
        elif isinstance(value, int) and value < LEAST.get(known.name, 0):
            problems.append(f"setting {name} must be at least {LEAST[known.name]}")
        else:
            taken[known.name] = value
    problems += [f"unknown setting {name}" for name in values if name not in _FOREIGN]
    if taken.get("multiline") == "never":
        taken["max_lines"] = 1
    return Settings(**taken), tuple(problems)  # type: ignore[arg-type]


def _value(given: object, kind: type) -> Value | None:
    if kind is tuple and isinstance(given, list) and all(isinstance(item, str) for item in given):
        return tuple(given)
    # type(), not isinstance(): True is an int to isinstance.
    return given if type(given) is kind and isinstance(given, bool | int | str) else None


def _type_of(given: object) -> str:
    wrong = [type(item).__name__ for item in given if not isinstance(item, str)] if isinstance(given, list) else []
    return f"list of {wrong[0]}" if wrong else type(given).__name__

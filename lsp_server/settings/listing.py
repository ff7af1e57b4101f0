"""Every setting with its default and meaning, read from the source of fields.py: for people and for editors.

The documents and the editors' schemas are made from this, so that they cannot say anything else than the code.
"""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from mellum_ls.lsp_server.settings import fields as settings
from mellum_ls.lsp_server.settings.fields import CHOICES, LEAST, SECTION, Settings, Value, json_name

_JSON_TYPES: dict[type, dict[str, object]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    list: {"type": "array", "items": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as users see it."""

    name: str
    default: bool | int | str | list[str]
    """As JSON has it."""
    meaning: str
    least: int | None
    """The least value of a number; None for the other types."""
    choices: tuple[str, ...]
    """The values that a text may have; empty where any will do."""


def all_settings() -> list[Setting]:
    """The settings in the order of their definition."""
    meanings = _field_docstrings()
    return [
        Setting(
            name=json_name(field.name),
            default=_as_json(field.default),
            meaning=meanings[field.name],
            least=LEAST.get(field.name),
            choices=CHOICES.get(field.name, ()),
        )
        for field in fields(Settings)
    ]


def as_markdown() -> str:
    """A table: setting, default, meaning."""
    rows = [f"| `{s.name}` | `{json.dumps(s.default)}` | {s.meaning} |" for s in all_settings()]
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows])


def as_schema() -> dict[str, object]:
    """A JSON schema of the settings object (draft 2020-12)."""
    properties: dict[str, object] = {}
    for setting in all_settings():
        entry: dict[str, object] = {
            **_JSON_TYPES[type(setting.default)],
            "default": setting.default,
            "description": setting.meaning,
        }
        if setting.least is not None:
            entry["minimum"] = setting.least
        if setting.choices:
            entry["enum"] = list(setting.choices)
        properties[setting.name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SECTION,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _as_json(default: Any) -> bool | int | str | list[str]:
    """A field's default, which is of a type that Value names, as JSON has it."""
    value: Value = default
    return list(value) if isinstance(value, tuple) else value


def _field_docstrings() -> dict[str, str]:
    """The text that stands under each field of Settings."""
    module = ast.parse(inspect.getsource(settings))
    body = next(node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == Settings.__name__)
    found: dict[str, str] = {}
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found

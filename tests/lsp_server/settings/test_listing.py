"""The listing says what the code does."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from mellum_ls.lsp_server.cli import main
from mellum_ls.lsp_server.settings.fields import Settings, json_name, parse
from mellum_ls.lsp_server.settings.listing import all_settings, as_markdown, as_schema

README = Path(__file__).resolve().parents[3] / "README.md"


def test_every_setting_is_listed_with_its_default_and_a_meaning() -> None:
    listed = all_settings()
    assert [setting.name for setting in listed] == [json_name(field.name) for field in fields(Settings)]
    assert all(setting.meaning.endswith(".") and len(setting.meaning) > 20 for setting in listed)
    settings, problems = parse({setting.name: setting.default for setting in listed})
    assert settings == Settings()
    assert problems == ()


def test_the_schema_admits_what_the_parser_takes() -> None:
    schema = as_schema()
    properties = schema["properties"]
    assert isinstance(properties, dict)
    for name, entry in properties.items():
        assert parse({name: entry["default"]})[1] == ()
        if "minimum" in entry:
            assert parse({name: entry["minimum"]})[1] == ()
            assert parse({name: entry["minimum"] - 1})[1] != ()
        for choice in entry.get("enum", []):
            assert parse({name: choice})[1] == ()
    assert properties["multiline"]["enum"] == ["auto", "never"]


def test_the_readme_shows_the_generated_table() -> None:
    assert as_markdown() in README.read_text(encoding="utf-8")


def test_the_command_prints_table_and_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    assert capsys.readouterr().out.strip() == as_markdown()
    assert main(["settings", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == as_schema()

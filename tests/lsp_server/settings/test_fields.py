import inspect
from dataclasses import FrozenInstanceError, fields

import pytest

from mellum_ls.lsp_server.settings import fields as settings
from mellum_ls.lsp_server.settings.fields import CHOICES, NAME_FILES, Settings, json_name, parse


def test_nothing_gives_the_defaults() -> None:
    for raw in (None, {}, {"mellum": {}}, {"enable": None}):
        assert parse(raw) == (Settings(), ())


def test_every_setting_is_read_by_its_json_name() -> None:
    changed: dict[type, object] = {int: 100, str: "elsewhere", tuple: ["a.py", "b/c.py"]}
    for field in fields(Settings):
        value = not field.default if isinstance(field.default, bool) else changed[type(field.default)]
        value = CHOICES[field.name][-1] if field.name in CHOICES else value
        parsed, problems = parse({"mellum": {json_name(field.name): value}})
        assert problems == ()
        assert getattr(parsed, field.name) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"maxTokens": "many"}, "setting maxTokens must be of type int, not str"),
        ({"maxTokens": True}, "setting maxTokens must be of type int, not bool"),
        ({"maxTokens": 0}, "setting maxTokens must be at least 1"),
        ({"enable": 1}, "setting enable must be of type bool, not int"),
        ({"pinnedFiles": "a.py"}, "setting pinnedFiles must be of type list of str, not str"),
        ({"pinnedFiles": ["a.py", 3]}, "setting pinnedFiles must be of type list of str, not list of int"),
        ({"pinnedChars": -1}, "setting pinnedChars must be at least 0"),
        ({"maxToken": 3}, "unknown setting maxToken"),
        ({"multiline": "always"}, "setting multiline must be one of auto, never"),
        ({"multiline": False}, "setting multiline must be of type str, not bool"),
        (
            {"disabledLanguages": ["a", None]},
            "setting disabledLanguages must be of type list of str, not list of NoneType",
        ),
        ({"maxFileChars": 0}, "setting maxFileChars must be at least 1"),
        ([], "settings must be an object, not list"),
    ],
)
def test_what_is_wrong_is_named_and_left_at_its_default(raw: object, problem: str) -> None:
    assert parse(raw) == (Settings(), (problem,))


def test_one_bad_setting_does_not_cost_the_others() -> None:
    parsed, problems = parse({"maxTokens": -1, "maxLines": 3})
    assert (parsed.max_lines, parsed.max_tokens) == (3, Settings().max_tokens)
    assert len(problems) == 1


def test_options_of_copilot_clients_are_no_problem() -> None:
    assert parse({"editorInfo": {"name": "x"}, "editorPluginInfo": {}})[1] == ()


def test_settings_are_frozen_and_each_is_explained() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().enable = False  # type: ignore[misc]
    source = inspect.getsource(settings.Settings)
    assert source.count('"""') == 2 * (len(fields(Settings)) + 1)


def test_never_several_lines_means_one_line_whatever_else_is_said() -> None:
    assert parse({"multiline": "never", "maxLines": 9})[0].max_lines == 1
    assert parse({"multiline": "auto", "maxLines": 9})[0].max_lines == 9


def test_every_setting_of_text_says_whether_it_names_files() -> None:
    """A new one must be weighed: a workspace that is not trusted can set those that do not name files."""
    harmless = {"multiline", "disabled_languages"}
    texts = {field.name for field in fields(Settings) if isinstance(field.default, str | tuple)}
    assert texts - NAME_FILES == harmless
    assert texts >= NAME_FILES

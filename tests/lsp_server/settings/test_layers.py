import pytest

from mellum_ls.lsp_server.settings.fields import Settings
from mellum_ls.lsp_server.settings.layers import OPTIONS, PULLED, PUSHED, SettingsLayers

A, B = "file:///a", "file:///b"


def test_later_sources_win_name_by_name_and_are_replaced_whole() -> None:
    layers = SettingsLayers()
    assert layers.of() == Settings()
    layers.take(OPTIONS, {"maxTokens": 1, "maxLines": 1})
    layers.take(PUSHED, {"mellum": {"maxTokens": 2}})
    assert (layers.of().max_tokens, layers.of().max_lines) == (2, 1)
    layers.take(PUSHED, {"mellum": {}})
    assert layers.of().max_tokens == 1
    layers.take(PUSHED, None)
    layers.take(PUSHED, {"maxTokens": 3})
    layers.take(OPTIONS, {"maxTokens": 4})
    assert layers.of().max_tokens == 4


def test_a_folders_own_settings_win_there_and_nowhere_else() -> None:
    layers = SettingsLayers()
    layers.take(PULLED, {"maxTokens": 1, "maxLines": 1}, {A: {"maxTokens": 2}, B: {}})
    assert [(layers.of(folder).max_tokens, layers.of(folder).max_lines) for folder in (None, A, B, "other")] == [
        (1, 1),
        (2, 1),
        (1, 1),
        (1, 1),
    ]
    # What is pushed later is meant for all folders.
    layers.take(PUSHED, {"maxTokens": 3})
    assert layers.of(A).max_tokens == 3
    # A folder that no longer says anything has the window's; a window that says nothing keeps its own.
    layers.take(PULLED, None, {})
    assert (layers.of(A).max_tokens, layers.of(A).max_lines) == (1, 1)


def test_each_problem_is_told_once_whoever_makes_it() -> None:
    layers = SettingsLayers()
    assert layers.take(PULLED, {"nope": 1}, {A: {"nope": 2}, B: {"maxLines": 0}}) == (
        "unknown setting nope",
        "setting maxLines must be at least 1",
    )
    assert layers.take(PUSHED, {"nope": 1}, {A: {"maxLines": -1}}) == ()
    assert layers.take(PUSHED, 3) == ("settings must be an object, not int",)


@pytest.mark.parametrize("name", [PULLED, PUSHED])
def test_an_untrusted_workspace_names_no_files(name: str) -> None:
    layers = SettingsLayers()
    layers.take(OPTIONS, {"trusted": False, "model": "/mine", "maxLines": 3})
    problems = layers.take(
        name, {"mellum": {"model": "./evil", "maxLines": 4}}, {A: {"pinnedFiles": ["x"], "model": ""}}
    )
    assert problems == (
        "setting model is not taken from the mellum settings of a workspace that is not trusted",
        "setting pinnedFiles is not taken from the mellum settings of a workspace that is not trusted",
    )
    assert (layers.of().model, layers.of().max_lines, layers.of(A).pinned_files) == ("/mine", 4, ())
    assert layers.of(A).model == "/mine"
    assert layers.take(PUSHED, {"trusted": True, "mellum": {"maxLines": 5}}) == ()
    assert layers.trusted
    if name == PULLED:
        assert (layers.of().model, layers.of(A).pinned_files) == ("./evil", ("x",))
    layers.take(PUSHED, {"trusted": None})
    assert layers.trusted
    layers.take(PUSHED, {"trusted": False})
    assert layers.of().model == "/mine"


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        (PULLED, {"trusted": True}),
        (PULLED, {"mellum": {"trusted": True}}),
        (PUSHED, {"mellum": {"trusted": True}}),
        (PUSHED, {"trusted": "yes"}),
    ],
)
def test_a_workspace_cannot_say_that_it_is_trusted(name: str, raw: object) -> None:
    layers = SettingsLayers()
    assert layers.take(OPTIONS, {"trusted": False}) == ()
    assert layers.take(name, raw) == ("unknown setting trusted",)
    assert not layers.trusted


def test_only_the_answer_to_the_latest_question_counts() -> None:
    layers = SettingsLayers()
    first, second = layers.ask(), layers.ask()
    assert (layers.is_latest(first), layers.is_latest(second)) == (False, True)

"""What takes long in a real Neovim: the plugin's further scenes, the doctor, and the README's own steps.

Not part of the suite, since its name does not begin with `test`: `python -m pytest tests/e2e/neovim/check_editors.py`.
"""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.neovim.driver import missing
from tests.e2e.neovim.help_and_health import commands_look_things_up, health_is_told, health_names_the_remedy
from tests.e2e.neovim.plugin import LONG, PluginScene, name_of
from tests.e2e.neovim.quick_start import from_clone_to_ghost_text
from tests.e2e.neovim.session import NANO, Scene, model_process
from tests.fakes.lsp_client import isolated_environment

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a Neovim")


@pytest.mark.parametrize("scene", LONG, ids=name_of)
def test_keys_and_commands_do_what_they_say(scene: tuple[PluginScene, str], tmp_path: Path) -> None:
    play, show = scene
    asyncio.run(play(tmp_path, isolated_environment(tmp_path), show))


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
@pytest.mark.parametrize(
    "scene",
    [health_is_told, health_names_the_remedy, commands_look_things_up, from_clone_to_ghost_text],
    ids=lambda scene: scene.__name__,
)
def test_what_a_new_user_does(scene: Scene, tmp_path: Path) -> None:
    with model_process(tmp_path) as environment:
        asyncio.run(scene(tmp_path, environment))

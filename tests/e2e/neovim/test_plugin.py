"""A real Neovim with the real server and the plugin that comes with the project; by Neovim's ghost text and its own."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.neovim.driver import missing
from tests.e2e.neovim.help_and_health import help_is_found
from tests.e2e.neovim.plugin import SHORT, PluginScene, name_of
from tests.fakes.lsp_client import isolated_environment

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a Neovim")


@pytest.mark.parametrize("scene", SHORT, ids=name_of)
def test_keys_and_commands_do_what_they_say(scene: tuple[PluginScene, str], tmp_path: Path) -> None:
    play, show = scene
    asyncio.run(play(tmp_path, isolated_environment(tmp_path), show))


def test_help_is_found(tmp_path: Path) -> None:
    asyncio.run(help_is_found(tmp_path, isolated_environment(tmp_path)))

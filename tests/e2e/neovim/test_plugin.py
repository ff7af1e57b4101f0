"""A real Neovim with the real server and the plugin that comes with the project; by Neovim's ghost text and its own."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.neovim.driver import missing
from tests.e2e.neovim.plugin import SCENES, PluginScene
from tests.fakes.lsp_client import isolated_environment

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a Neovim")


@pytest.mark.parametrize(("scene", "show"), SCENES, ids=[f"{scene.__name__}-{show}" for scene, show in SCENES])
def test_keys_and_commands_do_what_they_say(scene: PluginScene, show: str, tmp_path: Path) -> None:
    asyncio.run(scene(tmp_path, isolated_environment(tmp_path), show))

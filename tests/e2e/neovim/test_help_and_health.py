"""A real Neovim with the help and the health check of the plugin; what takes long is in check_editors.py."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.neovim.driver import missing
from tests.e2e.neovim.help_and_health import health_names_the_remedy, help_is_found
from tests.e2e.neovim.session import Scene
from tests.fakes.lsp_client import isolated_environment

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a Neovim")


@pytest.mark.parametrize("scene", [help_is_found, health_names_the_remedy], ids=lambda scene: scene.__name__)
def test_a_user_finds_help(scene: Scene, tmp_path: Path) -> None:
    asyncio.run(scene(tmp_path, isolated_environment(tmp_path)))

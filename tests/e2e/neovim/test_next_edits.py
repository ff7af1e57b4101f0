"""A real Neovim with the real server and the client for next edits that comes with the project."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.neovim.driver import missing
from tests.e2e.neovim.next_edits import SCENES
from tests.e2e.neovim.session import Scene
from tests.fakes.lsp_client import isolated_environment

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a Neovim")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_an_edit_is_shown_and_taken_or_turned_down(scene: Scene, tmp_path: Path) -> None:
    asyncio.run(scene(tmp_path, isolated_environment(tmp_path)))

"""A real Neovim with the real server and the embedded model."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.neovim.driver import missing
from tests.e2e.neovim.session import NANO, SCENES, Scene, model_process

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is a Neovim"),
    pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built"),
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_what_is_taken_is_what_was_seen(scene: Scene, tmp_path: Path) -> None:
    with model_process(tmp_path) as environment:
        asyncio.run(scene(tmp_path, environment))

import asyncio
from pathlib import Path

import pytest

from mellum_ls.lsp_server.backend import BackendUnavailable, Query
from mellum_ls.lsp_server.runtime_backend import RuntimeBackend
from mellum_ls.runtime.client.launch import RuntimeOptions

# The streams themselves, through a real model process, are in tests/e2e/test_runtime.py.


def backend(tmp_path: Path, model: str) -> RuntimeBackend:
    return RuntimeBackend(RuntimeOptions(runtime_dir=tmp_path / "run", cache_dir=tmp_path / "c", model=model))


def test_a_model_that_is_not_there_is_unavailable_and_named(tmp_path: Path) -> None:
    async def run() -> None:
        missing = backend(tmp_path, str(tmp_path / "nowhere"))
        with pytest.raises(BackendUnavailable, match="nowhere"):
            async for _ in missing.complete(Query("s", "", "")):
                pass
        status = await missing.status()
        assert status.state == "failed"
        assert "nowhere" in status.last_error
        await missing.close()

    asyncio.run(run())


def test_asking_for_the_status_starts_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        idle = backend(tmp_path, str(tmp_path))
        assert (await idle.status()).state == "stopped"
        await idle.close()

    asyncio.run(run())
    assert not (tmp_path / "c").exists()
